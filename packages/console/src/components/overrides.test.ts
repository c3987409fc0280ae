import { expect, test } from 'vitest'
import { overridesPatch } from './overrides.ts'

test('what was taken out goes back to what it inherits, the rest is as wanted', () => {
  expect(overridesPatch({ timeoutMs: 1, priority: 2 }, { priority: 3, misfire: 'SKIP' })).toEqual({
    priority: 3,
    misfire: 'SKIP',
    timeoutMs: null,
  })
  expect(overridesPatch({}, {})).toEqual({})
})
