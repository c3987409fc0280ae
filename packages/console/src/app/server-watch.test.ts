import { afterEach, expect, test, vi } from 'vitest'
import { tell } from '../api/request.ts'
import { askAgainMs, watchServer } from './server-watch.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a server that is gone is asked for soon, then less and less often', () => {
  expect([0, 1, 2, 3, 20].map(askAgainMs)).toEqual([2_000, 4_000, 8_000, 15_000, 15_000])
})

test('a question from before the server was back does not go on beside those of its next absence', async () => {
  vi.useFakeTimers()
  const refuse: (() => void)[] = []
  vi.stubGlobal('fetch', () => new Promise((_, reject) => refuse.push(() => reject(new TypeError('refused')))))
  watchServer()
  tell({ kind: 'unreachable' })
  await vi.advanceTimersByTimeAsync(2_000)
  expect(refuse).toHaveLength(1)
  tell({ kind: 'reachable' })
  tell({ kind: 'unreachable' })
  refuse[0]!()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(refuse).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(refuse).toHaveLength(2)
  tell({ kind: 'reachable' })
})
