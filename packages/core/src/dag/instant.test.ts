import { expect, test } from 'vitest'
import { instantOf } from './instant.ts'

test.each([
  [1_709_179_200_000, 1_709_179_200_000],
  ['2024-02-29T12:00:00+08:00', 1_709_179_200_000],
  ['2024-02-29T04:00Z', 1_709_179_200_000],
  ['2024-02-29T04:00:00.500Z', 1_709_179_200_500],
  ['2024-02-29T04:00:00', null],
  ['2024-02-29', null],
  ['2024-13-29T04:00:00Z', null],
  ['tomorrow', null],
  [NaN, null],
  [null, null],
])('%j names the instant %j', (value, expected) => expect(instantOf(value)).toBe(expected))
