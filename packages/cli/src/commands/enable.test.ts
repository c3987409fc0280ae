import { expect, test } from 'vitest'
import { run } from '../testing/run.ts'
import { dagOf, delayTask, sharedClient } from '../testing/tasks.ts'

test('disable lets nothing new of a task start, enable does again; each is answered by itself', async () => {
  const task = await delayTask(1)
  const disabled = await run(['disable', 'task', task, 'nope'])
  expect(disabled).toMatchObject({ code: 3, out: `Task ${task} is disabled.\n`, err: expect.stringContaining('Task nope: ') })
  expect((await run(['trigger', task])).err).toContain('is disabled')
  expect(await run(['enable', 'tasks', task])).toEqual({ code: 0, out: `Task ${task} is enabled.\n`, err: '' })
  expect((await run(['trigger', task])).code).toBe(0)
})

test('a DAG and a task type are disabled and enabled too', async () => {
  const type = await delayTask(1)
  const dag = await dagOf({ nodes: [{ code: 'only', task: type }], edges: [] })
  const { dags, taskTypes } = sharedClient()
  const enabled = async () => [(await dags.get({ params: { dag } })).enabled, (await taskTypes.get({ params: { type } })).enabled]
  expect((await run(['disable', 'dag', dag])).out).toBe(`DAG ${dag} is disabled.\n`)
  expect((await run(['disable', 'task-type', type])).out).toBe(`Task type ${type} is disabled.\n`)
  expect(await enabled()).toEqual([false, false])
  expect((await run(['enable', 'dag', dag])).out).toBe(`DAG ${dag} is enabled.\n`)
  expect((await run(['enable', 'task-type', type])).out).toBe(`Task type ${type} is enabled.\n`)
  expect(await enabled()).toEqual([true, true])
})

test('what cannot be disabled is a slip on the command line that says what can', async () => {
  const { code, err } = await run(['disable', 'schedule', 'nightly'], {})
  expect(code).toBe(2)
  expect(err).toContain('There are task-types, tasks, dags')
})
