import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { delayTask } from '../testing/tasks.ts'

async function trigger(task: string): Promise<string> {
  return String((await runJson<{ runId: number }>(['trigger', task])).runId)
}

const stateOf = async (id: string) => (await runJson<{ state: string }>(['get', 'run', id])).state

test('cancel stops a run that executes, and logs -f sees its end', async () => {
  const id = await trigger(await delayTask(600_000))
  expect(await run(['cancel', id])).toMatchObject({ code: 0, out: `Run ${id} is being cancelled.\n` })
  await run(['logs', id, '-f'])
  expect(await stateOf(id)).toBe('CANCELLED')
})

test('pause and resume say so', async () => {
  const id = await trigger(await delayTask(600_000))
  expect(await run(['pause', id])).toMatchObject({ code: 0, out: `Run ${id} is paused.\n` })
  expect(await stateOf(id)).toBe('PAUSED')
  expect(await run(['resume', id])).toMatchObject({ code: 0, out: `Run ${id} goes on.\n` })
  await run(['cancel', id])
})

test('retry answers with the new run', async () => {
  const id = await trigger(await delayTask(1))
  await run(['logs', id, '-f'])
  const { code, out } = await run(['retry', id])
  expect(code).toBe(0)
  const [, next] = /runs again as run (\d+)/.exec(out)!
  expect(await runJson(['get', 'run', next!])).toMatchObject({ parentRunId: Number(id), origin: 'RETRY' })
})

test('of several runs each is answered by itself, and a refused one decides the exit code', async () => {
  const id = await trigger(await delayTask(600_000))
  const { code, out, err } = await run(['cancel', id, '1'])
  expect(code).toBe(3)
  expect(out).toBe(`Run ${id} is being cancelled.\n`)
  expect(err).toContain('Run 1: There is no such run')
})

test('what its state does not allow is refused with 4', async () => {
  const id = await trigger(await delayTask(1))
  await run(['logs', id, '-f'])
  expect((await run(['cancel', id])).code).toBe(4)
})
