import { expect, test } from 'vitest'
import { freshnessOf, liveState, sayOutdated, type LiveState } from './live-state.ts'

const quiet: LiveState = {
  ...{ paused: false, socket: { state: 'live' }, connection: 0 },
  ...{ unreachable: null, slowedUntil: null, outdatedSince: null },
} as const

test('what is paused by a person is paused, whatever else is; what a hidden tab pauses is live', () => {
  expect(freshnessOf({ ...quiet, paused: true, socket: { state: 'lost', retryAt: 5 } })).toEqual({ state: 'paused' })
  expect(freshnessOf({ ...quiet, socket: { state: 'paused' } })).toEqual({ state: 'live' })
})

test('a page that watches nothing is live as long as the server answers', () => {
  expect(freshnessOf({ ...quiet, socket: null })).toEqual({ state: 'live' })
  expect(freshnessOf({ ...quiet, socket: null, unreachable: { since: 7, retryAt: 9 } })).toEqual({ state: 'stale', since: 7 })
})

test('while the connection is lost it says when it is made again, and otherwise since when something is out of date', () => {
  expect(freshnessOf({ ...quiet, socket: { state: 'lost', retryAt: 5 }, outdatedSince: 3 })).toEqual({
    state: 'lost',
    retryAt: 5,
  })
  expect(freshnessOf({ ...quiet, outdatedSince: 3 })).toEqual({ state: 'stale', since: 3 })
})

test('of several views that could not be renewed the oldest counts, until each has been', () => {
  const takeBack = [sayOutdated(20), sayOutdated(10)]
  expect(liveState().outdatedSince).toBe(10)
  takeBack[1]!()
  expect(liveState().outdatedSince).toBe(20)
  takeBack[0]!()
  expect(liveState().outdatedSince).toBe(null)
})
