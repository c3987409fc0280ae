import { expect, test } from 'vitest'
import type { EndedRun } from './wait-for-run.ts'
import { tellEach } from './each.ts'
import { Failure, reportFailure } from './failure.ts'
import { outline } from './outline.ts'
import { printable, printableJson, printableLine } from './printable.ts'
import { table } from './table.ts'
import { recorder } from './testing/run.ts'
import { outcomeOf } from './wait-for-run.ts'

/** A link that names another target, a bell, a cleared screen, an 8-bit CSI, and a turn of direction. */
const EVIL = 'a\x1b]8;;http://evil\x07b\x1b[2J\x9b2Jc\u202etxt.exe\u2066'
const HARMLESS = 'a�]8;;http://evil�b�[2J�2Jc\\u202etxt.exe\\u2066'

test('control characters and turns of direction are seen instead of obeyed; lines and tabs stay', () => {
  expect(printable(`${EVIL}\n\tz`)).toBe(`${HARMLESS}\n\tz`)
  expect(printable('中文 ü 😀 עברית')).toBe('中文 ü 😀 עברית')
  expect(printableLine('two\r\nlines\tx')).toBe('two lines x')
})

test('JSON stays what it is for those who read it as such', () => {
  const json = printableJson(JSON.stringify({ [EVIL]: EVIL }))
  expect(JSON.parse(json)).toEqual({ [EVIL]: EVIL })
  expect(json).not.toMatch(/[\p{Cc}\u202e\u2066]/u)
})

test('what a handler says of its failure, and why a run was stopped, do nothing to the terminal', () => {
  const run = { id: 7, state: 'FAILED', reason: null, startedAt: null, endedAt: null }
  const failed = { state: 'FAILED', nodeCode: null, error: { message: `${EVIL}\nsecond line` } }
  expect(outcomeOf({ ...run, instances: [failed] } as unknown as EndedRun)).toBe(`Run 7 ended: FAILED (${HARMLESS} second line)`)
  expect(outcomeOf({ ...run, reason: EVIL, instances: [] } as unknown as EndedRun)).toBe(`Run 7 ended: FAILED (${HARMLESS})`)
})

test('neither do the keys of an output, the cells of a table, a refusal, or what was done to several', () => {
  expect(outline({ output: { [EVIL]: 1, [`${EVIL} in`]: { x: 1 } } })).toBe(
    `output:\n  ${HARMLESS}: 1\n  ${HARMLESS} in:\n    x: 1`,
  )
  const cells = recorder()
  expect(table(cells.terminal, [{ title: 'NAME', text: () => EVIL }], [{}])).toBe(`NAME\n${HARMLESS}`)
  const refused = recorder()
  reportFailure(refused.terminal, new Failure('FAILED', EVIL, EVIL))
  expect(refused.err()).toBe(`error: ${HARMLESS}\n  ${HARMLESS}\n`)
  const told = recorder()
  tellEach({ env: {}, terminal: told.terminal }, {}, [{ ok: true }], { name: () => EVIL, done: () => EVIL })
  expect(told.out()).toBe(`${HARMLESS} ${HARMLESS}.\n`)
})
