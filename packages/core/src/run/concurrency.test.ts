import { describe, expect, test } from 'vitest'
import { admit, concurrencyKey, valueAt, type ConcurrencyPolicy } from './concurrency.ts'

const none = { admitted: [], queued: [] }
const keyed = (each: 'SEQUENTIAL' | 'SINGLETON'): ConcurrencyPolicy => ({ policy: 'KEYED', path: 'customer.id', each })

describe('admission', () => {
  test.each<[string, ConcurrencyPolicy, { admitted: number[]; queued: number[] }, object]>([
    ['PARALLEL admits', { policy: 'PARALLEL', limit: 2 }, { admitted: [1], queued: [] }, { kind: 'ADMIT' }],
    [
      'PARALLEL at its limit queues behind the oldest',
      { policy: 'PARALLEL', limit: 2 },
      { admitted: [1, 2], queued: [] },
      { kind: 'QUEUE', heldBy: 1 },
    ],
    [
      'nobody passes those who wait',
      { policy: 'PARALLEL', limit: 2 },
      { admitted: [1], queued: [3] },
      { kind: 'QUEUE', heldBy: 1 },
    ],
    ['SEQUENTIAL admits the first', { policy: 'SEQUENTIAL' }, none, { kind: 'ADMIT' }],
    ['SEQUENTIAL queues the second', { policy: 'SEQUENTIAL' }, { admitted: [1], queued: [] }, { kind: 'QUEUE', heldBy: 1 }],
    ['SINGLETON skips beside an active one', { policy: 'SINGLETON' }, { admitted: [1], queued: [] }, { kind: 'SKIP', heldBy: 1 }],
    [
      'SINGLETON skips beside one that only waits',
      { policy: 'SINGLETON' },
      { admitted: [], queued: [2] },
      { kind: 'SKIP', heldBy: 2 },
    ],
    ['REPLACE admits when it is alone', { policy: 'REPLACE' }, none, { kind: 'ADMIT' }],
    [
      'REPLACE stops everyone before it',
      { policy: 'REPLACE' },
      { admitted: [1], queued: [2] },
      { kind: 'REPLACE', stop: [1, 2] },
    ],
    ['KEYED SEQUENTIAL queues', keyed('SEQUENTIAL'), { admitted: [1], queued: [] }, { kind: 'QUEUE', heldBy: 1 }],
    ['KEYED SINGLETON skips', keyed('SINGLETON'), { admitted: [1], queued: [] }, { kind: 'SKIP', heldBy: 1 }],
  ])('%s', (_name, policy, holders, decision) => {
    expect(admit(policy, holders)).toEqual(decision)
  })
})

describe('the key', () => {
  const keyOf = (policy: ConcurrencyPolicy, params: object, fireAt: number | null = null) => {
    const key = concurrencyKey(policy, 7, { params, run: { fireAt } })
    return key.kind === 'VALUE' ? key.value : `ERROR ${key.message}`
  }
  test('there is none where nothing limits', () => expect(keyOf({ policy: 'PARALLEL', limit: null }, {})).toBeNull())
  test('is the target for the whole task', () => expect(keyOf({ policy: 'SEQUENTIAL' }, { a: 1 })).toBe('7'))
  test('tells values and their types apart', () => {
    const key = (id: unknown) => keyOf(keyed('SEQUENTIAL'), { customer: { id } })
    expect(new Set([key(1), key('1'), key(null), key(undefined), key([1]), key(true)]).size).toBe(6)
  })
  test('a missing value is a value: runs that forgot it follow each other', () => {
    expect(keyOf(keyed('SEQUENTIAL'), {})).toBe(keyOf(keyed('SEQUENTIAL'), { customer: {} }))
  })
  test('a long value stays short and different', () => {
    const key = (tail: string) => keyOf(keyed('SEQUENTIAL'), { customer: { id: 'x'.repeat(50_000) + tail } })!
    expect(Buffer.byteLength(key('a'))).toBeLessThan(1_000)
    expect(key('a')).not.toBe(key('b'))
  })
  describe('by an expression', () => {
    const by = (expression: string): ConcurrencyPolicy => ({ policy: 'KEYED', expression, each: 'SINGLETON' })
    test('is made of several values, told apart by their types', () => {
      expect(keyOf(by('[params.region, params.tier]'), { region: 'eu', tier: 1 })).toBe('7:["eu",1]')
      expect(keyOf(by('[params.region, params.tier]'), { region: 'eu', tier: '1' })).toBe('7:["eu","1"]')
    })
    test('knows the planned time', () => expect(keyOf(by('run.fireAt'), {}, 86_400_000)).toBe('7:86400000'))
    test('that fails gives no key, and says why', () =>
      expect(keyOf(by('params.region'), {})).toMatch(/^ERROR "params.region": .*region/))
  })
  test('follows own properties only', () => {
    expect(valueAt({}, 'constructor.name')).toBeUndefined()
    expect(valueAt({ list: [{ a: 1 }] }, 'list.0.a')).toBe(1)
  })
})
