import { expect, test } from 'vitest'
import type { StayWait } from '../storage/queue-wait.ts'
import { staysOf, stretchesOf, waitHistory, type KeptWait, type Waited } from './wait-history.ts'

const QUEUE = 7
const instance = (more: Partial<Waited>): Waited => ({
  ...{ state: 'SUCCESS', createdAt: 0, endedAt: 1_000, attempt: 1, queueId: QUEUE, waits: null, now: 2_000 },
  ...more,
})
const ran = (number: number, reservedAt: number, startedAt: number, endedAt: number | null = null) => ({
  ...{ number, reservedAt, startedAt, endedAt },
})
const row = (since: number, until: number | null, reason: string, heldBy: number | null = null): StayWait => ({
  ...{ stay: 0, since, until, reason, detail: `It was ${reason}.`, heldBy },
})
/** `SLOT 0-40`; what holds it stands behind: `SLOT#17 0-40`. */
const words = (waits: ReturnType<typeof waitHistory>) =>
  waits.map(({ reason, heldBy, since, until }) => `${reason}${heldBy === undefined ? '' : `#${heldBy}`} ${since}-${until ?? ''}`)

test('what it waited for stands in order, up to when it was given out and started', () => {
  const waits: KeptWait[] = [
    ['SLOT', 40, 17, 1],
    ['PAUSED', 52, null, 1],
  ]
  const stretches = stretchesOf(instance({ waits }), [ran(1, 80, 82, 900)], null)
  expect(words(waitHistory(stretches, []))).toEqual(['SLOT#17 0-40', 'PAUSED 40-52', 'QUEUED 52-80', 'RESERVED 80-82'])
})

test('of a stay in a queue it says what held up the queue meanwhile, and in between that it was not its turn', () => {
  const stretches = stretchesOf(instance({}), [ran(1, 80, 80, 900)], null)
  expect(staysOf(stretches, 2_000)).toEqual([{ queueId: QUEUE, from: 0, to: 80 }])
  const rows = [row(-500, 20, 'EXECUTORS_BUSY'), row(30, 60, 'CAPACITY', 5), row(60, 90, 'NO_EXECUTOR')]
  const waits = waitHistory(stretches, rows)
  expect(words(waits)).toEqual(['EXECUTORS_BUSY 0-20', 'QUEUED 20-30', 'CAPACITY#5 30-60', 'NO_EXECUTOR 60-80'])
  expect(waits[2]!.detail).toBe('It was CAPACITY.')
})

test('each attempt has a wait of its own, and the time in which it ran is none', () => {
  const waits: KeptWait[] = [
    ['DEPENDENCY', 10, null, 1],
    // Written by the transaction that gives it out, after the instant of which that one speaks.
    ['TIME', 205, null, 2],
  ]
  const stretches = stretchesOf(instance({ waits, attempt: 2 }), [ran(1, 10, 12, 100), ran(2, 200, 201, 1_000)], null)
  expect(words(waitHistory(stretches, []))).toEqual(['DEPENDENCY 0-10', 'RESERVED 10-12', 'TIME 100-200', 'RESERVED 200-201'])
})

test('what still waits ends with what it waits for now', () => {
  const paused = instance({ state: 'WAITING', endedAt: null, waits: [['SLOT', 40, 17, 1]] })
  expect(words(waitHistory(stretchesOf(paused, [], { reason: 'PAUSED' }), []))).toEqual(['SLOT#17 0-40', 'PAUSED 40-'])
  const pending = stretchesOf(instance({ state: 'PENDING', endedAt: null }), [], { reason: 'NO_EXECUTOR' })
  expect(staysOf(pending, 2_000)).toEqual([{ queueId: QUEUE, from: 0, to: 2_000 }])
  expect(words(waitHistory(pending, [row(500, null, 'NO_EXECUTOR')]))).toEqual(['QUEUED 0-500', 'NO_EXECUTOR 500-'])
  expect(words(waitHistory(pending, [row(500, 700, 'NO_EXECUTOR')]))).toEqual([
    'QUEUED 0-500',
    'NO_EXECUTOR 500-700',
    'QUEUED 700-',
  ])
})

test('what ended without an attempt waited until then', () => {
  const cancelled = instance({ state: 'CANCELLED', waits: [['APPROVAL', 1_000, null, 1]] })
  expect(words(waitHistory(stretchesOf(cancelled, [], null), []))).toEqual(['APPROVAL 0-1000'])
})

test('stays in several queues are told by their own', () => {
  const waits: KeptWait[] = [['PENDING', 40, 3, 1]]
  const stretches = stretchesOf(instance({ waits }), [ran(1, 80, 80)], null)
  expect(staysOf(stretches, 2_000).map(({ queueId }) => queueId)).toEqual([3, QUEUE])
  const rows = [{ ...row(0, 40, 'RATE_LIMIT') }, { ...row(50, 80, 'EXECUTORS_BUSY'), stay: 1 }]
  expect(words(waitHistory(stretches, rows))).toEqual(['RATE_LIMIT 0-40', 'QUEUED 40-50', 'EXECUTORS_BUSY 50-80'])
})
