import { expect, test } from 'vitest'
import { askAgainMs } from './server-watch.ts'

test('a server that is gone is asked for soon, then less and less often', () => {
  expect([0, 1, 2, 3, 20].map(askAgainMs)).toEqual([2_000, 4_000, 8_000, 15_000, 15_000])
})
