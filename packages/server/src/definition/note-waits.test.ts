import { expect, test } from 'vitest'
import { changesOf, type Look } from './note-waits.ts'

const lane = { tenantId: 1, queueId: 2 }
const look = (at: number, reason: 'EXECUTORS_BUSY' | 'NO_EXECUTOR' | null): Look => ({
  ...lane,
  at,
  why: reason === null ? null : { reason, detail: reason },
})
const busy = [{ ...lane, reason: 'EXECUTORS_BUSY' }]

test('a reason is written down when two looks agree on it, as of the first', () => {
  const first = changesOf([], [look(1_000, 'NO_EXECUTOR')], new Map())
  expect([first.begun, first.ended]).toEqual([[], []])
  const second = changesOf([], [look(2_000, 'NO_EXECUTOR')], first.unsure)
  expect(second.begun).toEqual([{ ...lane, since: 1_000, reason: 'NO_EXECUTOR', detail: 'NO_EXECUTOR', heldBy: null }])
  expect(second.unsure.size).toBe(0)
})

test('another reason ends the last one where it begins', () => {
  const { unsure } = changesOf(busy, [look(1_000, 'NO_EXECUTOR')], new Map())
  expect(changesOf(busy, [look(2_000, 'NO_EXECUTOR')], unsure)).toMatchObject({
    ended: [{ ...lane, at: 1_000 }],
    begun: [{ since: 1_000, reason: 'NO_EXECUTOR' }],
  })
})

test('a place that is free for a moment is neither here nor there, and one that stays free ends it', () => {
  const { unsure } = changesOf(busy, [look(1_000, null)], new Map())
  expect(changesOf(busy, [look(2_000, 'EXECUTORS_BUSY')], unsure)).toEqual({ begun: [], ended: [], unsure: new Map() })
  expect(changesOf(busy, [look(2_000, null)], unsure)).toMatchObject({ begun: [], ended: [{ ...lane, at: 1_000 }] })
})

test('a queue that is not looked at this time is not forgotten meanwhile', () => {
  const { unsure } = changesOf([], [look(1_000, 'NO_EXECUTOR')], new Map())
  const between = changesOf([], [], unsure)
  expect(changesOf([], [look(3_000, 'NO_EXECUTOR')], between.unsure).begun).toMatchObject([{ since: 1_000 }])
})
