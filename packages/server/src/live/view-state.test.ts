import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createViewState, type Sight } from './view-state.ts'

type Item = { id: number; n: number }
const whole = (items: readonly Item[], seq = 0): Sight => ({
  ...{ seq, head: items.length, extent: 'WHOLE', resumableFrom: null },
  items: items.map((value) => ({ id: value.id, value })),
})
const changed = (seq: number, items: readonly Item[], resumableFrom: number | null = 0): Sight => ({
  ...{ seq, head: null, extent: 'CHANGED', resumableFrom },
  items: items.map((value) => ({ id: value.id, value, stamp: value.n })),
})

interface Message {
  data?: { head: unknown; items: Item[] }
  head?: unknown
  upserts: Item[]
  removed: number[]
  order?: number[]
}
const parse = (rest: string) => JSON.parse(`{${rest}`) as Message

/** A client as the contract describes it. */
function applied(items: readonly Item[], { data, upserts, removed, order }: Message): Item[] {
  if (data) return data.items
  const next = new Map(items.map((item) => [item.id, item]))
  for (const id of removed) next.delete(id)
  for (const item of upserts) next.set(item.id, item)
  return order ? order.map((id) => next.get(id)!) : [...next.values()]
}

test('whoever applies what changed since any revision it had sees what a snapshot shows, in its order', () => {
  const item = fc.record({ id: fc.integer({ min: 1, max: 6 }), n: fc.integer({ min: 0, max: 2 }) })
  const list = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(list, { minLength: 1, maxLength: 12 }), (lists) => {
      const state = createViewState()
      const seen: { revision: number; items: Item[] }[] = []
      for (const items of lists) {
        state.absorb(whole(items))
        for (const before of seen) expect(applied(before.items, parse(state.changesSince(before.revision)!))).toEqual(items)
        expect(parse(state.snapshot()).data!.items).toEqual(items)
        seen.push({ revision: state.revision(), items })
      }
    }),
  )
})

test('a look that sees what was seen before is no change, and what is sent then is nothing', () => {
  const state = createViewState()
  expect(state.absorb(whole([{ id: 1, n: 1 }]))).toBe(true)
  const revision = state.revision()
  expect(state.absorb(whole([{ id: 1, n: 1 }]))).toBe(false)
  expect(state.revision()).toBe(revision)
  expect(parse(state.changesSince(revision)!)).toEqual({ seq: 0, upserts: [], removed: [] })
})

test('only what has changed is sent: of a thousand items the one', () => {
  const items = Array.from({ length: 1_000 }, (_, id) => ({ id, n: 0 }))
  const state = createViewState()
  state.absorb(changed(1, items))
  const revision = state.revision()
  state.absorb(changed(2, [{ id: 7, n: 1 }]))
  expect(parse(state.changesSince(revision)!)).toEqual({ seq: 2, upserts: [{ id: 7, n: 1 }], removed: [] })
})

test('who comes back with a seq gets what is stamped with it or later, and a snapshot where that cannot be said', () => {
  const state = createViewState()
  state.absorb(
    changed(10, [
      { id: 1, n: 4 },
      { id: 2, n: 9 },
    ]),
  )
  expect(parse(state.changesFrom(5)!).upserts).toEqual([{ id: 2, n: 9 }])
  expect(state.changesFrom(11)).toBeNull()
  const list = createViewState()
  list.absorb(whole([{ id: 1, n: 1 }], 10))
  expect(list.changesFrom(10)).toBeNull()
})

test('of a log the last lines are kept; who knows none of them gets a snapshot', () => {
  const state = createViewState(3)
  const line = (n: number) => ({ id: n, n })
  state.absorb(changed(4, [line(1), line(2), line(3)]))
  state.absorb(changed(6, [line(4), line(5)]))
  expect(parse(state.snapshot()).data!.items.map(({ id }) => id)).toEqual([3, 4, 5])
  expect(parse(state.changesFrom(4)!).upserts.map(({ id }) => id)).toEqual([4, 5])
  expect(state.changesFrom(2)).toBeNull()
})

test('who comes so late that what has gone is forgotten gets a snapshot', () => {
  const state = createViewState()
  state.absorb(whole([{ id: 1, n: 0 }]))
  const revision = state.revision()
  state.absorb(whole(Array.from({ length: 1_500 }, (_, n) => ({ id: n + 2, n }))))
  state.absorb(whole([]))
  expect(state.changesSince(revision)).toBeNull()
})

test('it weighs what it keeps', () => {
  const state = createViewState()
  const empty = state.size()
  state.absorb(
    whole([
      { id: 1, n: 0 },
      { id: 2, n: 0 },
    ]),
  )
  expect(state.size()).toBeGreaterThan(empty)
  state.absorb(whole([]))
  expect(state.size()).toBeLessThan(empty + 5)
})
