import { expect, test } from 'vitest'
import { wantsColour } from './terminal.ts'

test.each([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['NO_COLOR that is empty', true, { NO_COLOR: '' }, true],
  ['NO_COLOR against FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, true],
  ['a terminal that can nothing', true, { TERM: 'dumb' }, false],
])('%s: colours %#', (_, isTty, env, colours) => {
  expect(wantsColour(isTty, env)).toBe(colours)
})
