import type { LiveInstance } from '@carillon/contract'
import type { LiveView } from '@carillon/contract/live-client'
import { expect, test } from 'vitest'
import { listTopic, logTopic, runOf } from './live-topics.ts'

const head = { id: 7, state: 'RUNNING', more: false, waiting: [] } as unknown as LiveView<'run'>['head']
const row = (id: number, more: object = {}) =>
  ({ id, runId: 7, state: 'RUNNING', hasOutput: false, errorLeftOut: false, error: null, ...more }) as LiveInstance
const why = { reason: 'NO_EXECUTOR', detail: 'No executor serves it.' } as const

test('a run is what its route answers, with outputs left out', () => {
  const run = runOf({ head, items: [row(1, { hasOutput: true }), row(2)] })
  expect(run).toMatchObject({ id: 7, state: 'RUNNING', more: false })
  expect(run).not.toHaveProperty('waiting')
  expect(run.instances).toMatchObject([
    { id: 1, output: null, outputLeftOut: true, why: null },
    { id: 2, output: null, outputLeftOut: false, why: null },
  ])
  expect(run.instances[0]).not.toHaveProperty('hasOutput')
})

test('why an instance waits is said of it, and no longer once that is over', () => {
  const items = [row(1), row(2)]
  const held = runOf({ head: { ...head, waiting: [{ instance: 2, why }] }, items })
  expect(held.instances.map((each) => each.why)).toEqual([null, why])
  expect(runOf({ head, items }).instances.map((each) => each.why)).toEqual([null, null])
})

test('instances whose rows have not changed are the same objects as before', () => {
  const [one, two] = [row(1), row(2)]
  const before = runOf({ head, items: [one, two] })
  const after = runOf({ head, items: [one, row(2, { state: 'SUCCESS' })] })
  expect(after.instances[0]).toBe(before.instances[0])
  expect(after.instances[1]).not.toBe(before.instances[1])
})

test('a list is its first page, which says where it goes on', () => {
  const topic = listTopic({ kind: 'runs', tenant: 'shop', query: { limit: 2 } })
  const view = { head: { nextCursor: 'there' }, items: [{ id: 2 }, { id: 1 }] } as unknown as LiveView
  expect(topic.dataOf(view)).toEqual({ items: [{ id: 2 }, { id: 1 }], nextCursor: 'there' })
})

test('a log goes as far as its last line', () => {
  const { topic, dataOf } = logTopic('shop', 5, 2)
  expect(topic).toEqual({ kind: 'log', tenant: 'shop', instance: 5, attempt: 2 })
  const view = (items: object[]) => ({ head: { cut: true }, items }) as unknown as LiveView
  expect(dataOf(view([{ seq: 3 }, { seq: 9 }]))).toEqual({ lastSeq: 9, cut: true })
  expect(dataOf(view([]))).toEqual({ lastSeq: 0, cut: true })
})
