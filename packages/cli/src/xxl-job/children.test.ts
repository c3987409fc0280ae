import { DEEPEST_CHAIN } from '@carillon/core'
import { expect, test } from 'vitest'
import { linksOf } from './children.ts'
import { Findings } from './findings.ts'
import type { XxlJob } from './xxl-tables.ts'

const job = (id: number, children: string, route = 'FIRST') =>
  ({ id, children: children === '' ? [] : children.split(','), route }) as unknown as XxlJob

function links(...jobs: XxlJob[]) {
  const findings = new Findings()
  return { links: Object.fromEntries(linksOf(jobs, findings)), found: findings.all().map(({ text, jobs: of }) => [...of, text]) }
}

test('children are links, each once', () => {
  expect(links(job(1, '2,3,2'), job(2, '3'), job(3, ''))).toEqual({ links: { 1: [2, 3], 2: [3], 3: [] }, found: [] })
})

test('a loop is cut where it closes, and shown', () => {
  expect(links(job(1, '2'), job(2, '3'), job(3, '1'))).toEqual({
    links: { 1: [2], 2: [3], 3: [] },
    found: [[3, 'Its child job: the link closes a loop: 3 → 1 → 2 → 3']],
  })
})

test('a job that starts itself, and two loops through one job, are cut too', () => {
  const { links: kept, found } = links(job(1, '1,2'), job(2, '1,3'), job(3, '2'))
  expect(kept).toEqual({ 1: [2], 2: [3], 3: [] })
  expect(found.map(([of, text]) => [of, String(text).split(': ')[2]])).toEqual([
    [1, '1 → 1'],
    [2, '2 → 1 → 2'],
    [3, '3 → 2 → 3'],
  ])
})

test('a child that does not exist, or is no number, is told', () => {
  expect(links(job(1, '9,two,2'), job(2, ''))).toEqual({
    links: { 1: [2], 2: [] },
    found: [
      [1, 'Its child job: job 9 is not imported, or does not exist'],
      [1, 'Its child job: job two is not imported, or does not exist'],
    ],
  })
})

test('a chain ends where Carillon would refuse it, also where it is tied from its middle', () => {
  const last = DEEPEST_CHAIN + 2
  const chain = Array.from({ length: last }, (_, at) => job(at + 1, at + 2 <= last ? `${at + 2}` : ''))
  const { links: kept, found } = links(...chain)
  expect(kept[DEEPEST_CHAIN]).toEqual([])
  expect(kept[DEEPEST_CHAIN + 1]).toEqual([last])
  expect(found).toEqual([[DEEPEST_CHAIN, `Its child job: with ${DEEPEST_CHAIN + 1} the chain would be ${DEEPEST_CHAIN + 2 - 1} long, and ${DEEPEST_CHAIN} is the most`]]) // prettier-ignore
})

test('many ways through many jobs take no longer than the jobs are many', () => {
  const layers = Array.from({ length: 15 }, (_, layer) => Array.from({ length: 8 }, (__, at) => layer * 8 + at + 1))
  const jobs = layers.flatMap((ids, layer) => ids.map((id) => job(id, (layers[layer + 1] ?? []).join(','))))
  expect(links(...jobs).found).toEqual([])
})

test('children of a broadcast start once, which is said', () => {
  expect(links(job(1, '2', 'SHARDING_BROADCAST'), job(2, '')).found).toEqual([
    [1, 'Its child jobs start once, when all shards have succeeded, and not once for each shard'],
  ])
})
