import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { builtinTask, dagOf, failingTask } from '../testing/tasks.ts'

test('runs are listed newest first, of one task, in some states', async () => {
  const task = await builtinTask({ kind: 'delay', settings: { ms: 1 } })
  for (let count = 0; count < 3; count += 1) await run(['trigger', task, '--wait'])
  const runs = await runJson<{ id: number }[]>(['runs', '--task', task])
  expect(runs.map(({ id }) => id)).toEqual(runs.map(({ id }) => id).sort((a, b) => b - a))
  expect(runs).toHaveLength(3)
  expect(await runJson(['runs', '--task', task, '-n', '2'])).toHaveLength(2)
  expect(await runJson(['runs', '--task', task, '--state', 'failed', '--state', 'timeout'])).toEqual([])
  expect((await run(['runs', '--task', task])).out).toMatch(/^ +ID {2}TARGET[^\n]*\n *\d+ {2}cli-delay\S+ +SUCCESS +cli /)
})

test('a failed run is found by its state', async () => {
  const task = await failingTask()
  await run(['trigger', task, '--wait'])
  expect(await runJson(['runs', '--task', task, '--state', 'FAILED'])).toMatchObject([{ state: 'FAILED' }])
})

test('runs of a DAG are found by its code', async () => {
  const dag = await dagOf({ nodes: [{ code: 'ask', approval: {} }], edges: [] })
  const { runId } = await runJson<{ runId: number }>(['trigger', dag, '--dag'])
  expect(await runJson(['runs', '--dag', dag])).toMatchObject([{ id: runId, dag: { code: dag } }])
  await run(['cancel', String(runId)])
})
