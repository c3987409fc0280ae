import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { builtinTask, delayTask } from '../testing/tasks.ts'

async function ended(): Promise<string> {
  const { id } = await runJson<{ id: number }>(['trigger', 'weather-report-seattle', '--wait'])
  return String(id)
}

test('the log of an ended run is shown in order, and from a level on', async () => {
  const id = await ended()
  const { code, out } = await run(['logs', id])
  expect(code).toBe(0)
  expect(out).toMatch(
    /INFO {2}Exporting 1461 days of Seattle\n[\s\S]*DEBUG Exported up to 2012-09-06\n[\s\S]*INFO {2}Wrote 48 months of Seattle/,
  )
  expect((await run(['logs', id, '--level', 'INFO'])).out).not.toMatch(/DEBUG/)
})

test('programs get one JSON object a line, numbered', async () => {
  const { out } = await run(['logs', await ended(), '--json'])
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number })
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
})

test('-f goes on until the run has ended', async () => {
  const { runId } = await runJson<{ runId: number }>(['trigger', await delayTask(300)])
  const { code } = await run(['logs', String(runId), '-f'])
  expect(code).toBe(0)
  expect(await runJson(['get', 'run', String(runId)])).toMatchObject({ state: 'SUCCESS' })
})

test('escape sequences in a log do not reach the terminal', async () => {
  const task = await builtinTask({ kind: 'log', settings: { message: 'a\u001b[2Jb' } })
  const { id } = await runJson<{ id: number }>(['trigger', task, '--wait'])
  expect((await run(['logs', String(id)])).out).toMatch(/a�\[2Jb/)
})

test('a run that has logged nothing says so, and one that is not there ends with 3', async () => {
  const { id } = await runJson<{ id: number }>(['trigger', await delayTask(1), '--wait'])
  expect(await run(['logs', String(id)])).toEqual({ code: 0, out: '', err: 'It logged nothing.\n' })
  expect((await run(['logs', String(id), '--level', 'ERROR'])).code).toBe(0)
  expect((await run(['logs', '1'])).code).toBe(3)
})
