import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { dagOf, delayTask, sharedClient } from '../testing/tasks.ts'

const idsOf = async (...of: string[]) => (await runJson<{ id: number }[]>(['runs', ...of])).map(({ id }) => id)

test('purge keeps so many newest of a task, and leaves other tasks alone', async () => {
  const [task, other] = [await delayTask(1), await delayTask(1)]
  for (const code of [task, task, task, other]) await run(['trigger', code, '--wait'])
  const [newest] = await idsOf('--task', task)
  expect(await run(['purge', '--task', task, '--keep', '1'])).toMatchObject({ code: 0, out: 'Runs deleted: 2.\n' })
  expect(await idsOf('--task', task)).toEqual([newest])
  expect(await idsOf('--task', other)).toHaveLength(1)
  expect(await runJson(['purge', '--task', task])).toEqual({ purged: 1 })
})

test('purge takes runs of a DAG by their age or by an instant', async () => {
  const dag = await dagOf({ nodes: [{ code: 'work', task: await delayTask(1) }], edges: [] })
  await run(['trigger', dag, '--dag', '--wait'])
  expect((await run(['purge', '--dag', dag, '--before', '1h'])).out).toBe('Runs deleted: 0.\n')
  expect((await run(['purge', '--dag', dag, '--before', '2026-01-31'])).out).toBe('Runs deleted: 0.\n')
  expect((await run(['purge', '--dag', dag, '--before', '9999-12-31'])).out).toBe('Runs deleted: 1.\n')
})

test('what one call does not take is taken by the next, and it says how far it is', async () => {
  const { runs, tasks } = sharedClient()
  const task = await delayTask(600_000)
  const { version } = await tasks.get({ params: { task } })
  await tasks.update({ params: { task }, body: { version, policies: { concurrency: { policy: 'SINGLETON' } } } })
  // The first one runs, so that each of the others is skipped, which ends it at once.
  const items = Array.from({ length: 1_000 }, () => ({ task }))
  for (let times = 0; times < 6; times++) await runs.triggerMany({ body: { items } })
  expect(await run(['purge', '--task', task])).toEqual({
    code: 0,
    out: 'Runs deleted: 5999.\n',
    err: 'Deleted 5000 runs, and there are more …\n',
  })
  await run(['cancel', String((await idsOf('--task', task))[0])])
})

test('a task or DAG that is not there ends with 3, and is named', async () => {
  expect(await run(['purge', '--task', 'tpyo'])).toMatchObject({ code: 3, err: expect.stringContaining('"tpyo"') })
  expect(await run(['purge', '--dag', 'tpyo'])).toMatchObject({ code: 3, err: expect.stringContaining('DAG "tpyo"') })
})

test.each([
  [[], 'which runs?'],
  [['--keep', '3'], 'say --task or --dag too'],
  [['--task', 'a', '--dag', 'b'], 'not both'],
  [['--before', 'long ago'], 'or an age such as 30d'],
  [['--task', 'a', '--keep', 'all'], 'from 0 to 1000000'],
])('purge %j is a slip on the command line', async (args, message) => {
  const { code, err } = await run(['purge', ...args], {})
  expect(code).toBe(2)
  expect(err).toContain(message)
})
