import { expect, test } from 'vitest'
import { judgeHealth, type Checked } from './judge-health.ts'

const START: Checked = { health: 'UNKNOWN', failures: 0, successes: 0 }
/** What checks make of it one after the other: `+` succeeds, `-` fails. Each letter: Unknown, Healthy, Sick. */
const after = (checks: string, from: Checked = START) => {
  const letters = { UNKNOWN: 'U', HEALTHY: 'H', UNHEALTHY: 'S' }
  let at: Checked = from
  return checks
    .split('')
    .map((each) => letters[(at = judgeHealth(at, each === '+')).health])
    .join('')
}

test.each([
  ['+', 'H'],
  ['--+', 'UUH'],
  ['---', 'UUS'],
  ['+--+--', 'HHHHHH'],
  ['+---', 'HHHS'],
  ['---+-++', 'UUSSSSH'],
  ['---++---', 'UUSSHHHS'],
])('the checks %s make it %s', (checks, healths) => {
  expect(after(checks)).toBe(healths)
})

test('only one that is not known yet is checked again soon', () => {
  expect(judgeHealth(START, false).isHurried).toBe(true)
  expect(judgeHealth(START, true).isHurried).toBe(false)
  expect(judgeHealth({ health: 'HEALTHY', failures: 0, successes: 3 }, false).isHurried).toBe(false)
})
