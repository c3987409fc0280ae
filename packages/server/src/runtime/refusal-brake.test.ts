import { expect, it } from 'vitest'
import { createRefusalBrake } from './refusal-brake.ts'

function brake() {
  const clock = { ms: 1_000_000 }
  return { clock, ...createRefusalBrake({ atOnce: 3, perSecond: 1, addresses: 2, now: () => clock.ms }) }
}

it('holds an address back once it was refused too often, and lets it in again as time goes by', () => {
  const { clock, holdsBack, refused } = brake()
  const seen = []
  for (let call = 0; call < 4; call++) {
    seen.push(holdsBack('a'))
    refused('a')
  }
  expect([...seen, holdsBack('b')]).toEqual([false, false, false, true, false])
  clock.ms += 1_900
  expect(holdsBack('a')).toBe(true)
  clock.ms += 100
  expect(holdsBack('a')).toBe(false)
})

it('remembers so many addresses and no more: the one refused longest ago is forgotten', () => {
  const { holdsBack, refused } = brake()
  for (let call = 0; call < 3; call++) refused('a')
  refused('b')
  expect(holdsBack('a')).toBe(true)
  refused('c')
  expect(holdsBack('a')).toBe(false)
})

it('takes back what was counted before it turned out well', () => {
  const { holdsBack, refused, letIn } = brake()
  for (let call = 0; call < 3; call++) refused('a')
  letIn('a')
  expect(holdsBack('a')).toBe(false)
})
