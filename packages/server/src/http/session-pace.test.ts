import { expect, test } from 'vitest'
import { createSessionPace } from './session-pace.ts'

test('a session may ask for much at once and then for twenty things a second, whatever others do', () => {
  const clock = { ms: 1_000_000 }
  const pace = createSessionPace(() => clock.ms)
  for (let n = 0; n < 200; n++) pace.take(1)
  expect(() => pace.take(1)).toThrow('waits a moment and goes on')
  pace.take(2)
  clock.ms += 1_000
  for (let n = 0; n < 20; n++) pace.take(1)
  expect(() => pace.take(1)).toThrow('20 things a second')
})
