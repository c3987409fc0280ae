import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, delayTask, hourlyOf, sharedClient, stateOfNode } from '../testing/tasks.ts'

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

test('cancel stops one node of a run, named by its code', async () => {
  const task = await delayTask(600_000)
  const dag = await dagOf({ nodes: [{ code: 'long', task }, { code: 'ask', approval: {} }], edges: [] }) // prettier-ignore
  const { runId } = await runJson<{ runId: number }>(['trigger', dag, '--dag'])
  const { code, out } = await run(['cancel', `${runId}/long`, `${runId}/nope`])
  expect(out).toBe(`Node ${runId}/long is being cancelled.\n`)
  expect(code).toBe(3)
  expect(await stateOfNode(runId, 'ask')).toBe('WAITING')
  await run(['cancel', String(runId)])
})

test('--dag cancels, pauses and resumes DAGs as a whole', async () => {
  const dag = await dagOf({ nodes: [{ code: 'ask', approval: {} }], edges: [] })
  const { runId } = await runJson<{ runId: number }>(['trigger', dag, '--dag'])
  expect(await run(['pause', dag, '--dag', '--reason', 'new month'])).toMatchObject({ code: 0, out: `DAG ${dag} is paused.\n` })
  expect((await run(['trigger', dag, '--dag'])).err).toContain('is paused')
  expect((await sharedClient().dags.get({ params: { dag } })).pauseReason).toBe('new month')
  expect(await stateOfNode(runId, 'ask')).toBe('WAITING')
  expect(await run(['resume', '--dag', dag])).toMatchObject({ code: 0, out: `DAG ${dag} goes on.\n` })
  expect(await run(['cancel', '--dag', dag])).toMatchObject({ code: 0, out: `Run ${runId} of ${dag} is being cancelled.\n` })
  expect(await run(['cancel', '--dag', dag])).toMatchObject({ code: 0, err: expect.stringContaining(`No such runs of ${dag}`) })
  expect(await run(['cancel', '--dag', 'nope'])).toMatchObject({ code: 3, err: expect.stringContaining('DAG nope: ') })
})

test('--schedule pauses and resumes schedules, with a reason for others to read', async () => {
  const schedule = await hourlyOf(await delayTask(1))
  const read = () => sharedClient().schedules.get({ params: { schedule } })
  const paused = await run(['pause', '--schedule', schedule, 'nope', '--reason', 'stocktaking'])
  expect(paused).toMatchObject({
    code: 3,
    out: `Schedule ${schedule} is paused.\n`,
    err: expect.stringContaining('Schedule nope: '),
  })
  expect(await read()).toMatchObject({ paused: true, pauseReason: 'stocktaking' })
  expect(await run(['resume', '--schedule', schedule])).toMatchObject({ code: 0, out: `Schedule ${schedule} goes on.\n` })
  expect(await read()).toMatchObject({ paused: false, pauseReason: null })
})

test.each([
  [['pause', 'nightly'], "'nightly' is no <run>. The identifier of a run is a number"],
  [['cancel', 'nightly'], 'a DAG by its code, with --dag'],
  [['pause', '17/send'], "'17/send' is no <run>"],
  [['pause', '17', '--reason', 'x'], '--reason is for DAGs and schedules'],
  [['pause', 'nightly', '--dag', '--schedule'], 'not both'],
  [['resume', 'nightly', '--dag', '--schedule'], 'not both'],
  [['retry', '17', '--since', '1h'], '--since is for DAGs'],
  [['retry', '17/send', '--from-failed'], '--from-failed is for runs'],
  [['retry', 'nightly', '--dag'], '--since <duration> is missing'],
])('%j is a slip on the command line', async (args, message) => {
  const { code, err } = await run(args, {
    CARILLON_SERVER: 'http://127.0.0.1:1',
    CARILLON_TOKEN: 'none',
  })
  expect(code).toBe(2)
  expect(err).toContain(message)
})
