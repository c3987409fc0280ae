import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  await api.tenantA.client.taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
})
afterAll(() => api.close())

const make = (code: string, more: object = {}) => api.tenantA.client.tasks.create({ body: { code, type: 'note', ...more } })

test('a task that says nothing has the published defaults', async () => {
  const task = await make('plain')
  expect(task).toMatchObject({ code: 'plain', name: 'plain', version: 1, enabled: true, policies: {} })
  expect(task.effective).toMatchObject({
    timeoutMs: 300_000,
    priority: 5,
    concurrency: { policy: 'PARALLEL', limit: null },
    route: 'ROUND_ROBIN',
    delivery: 'AT_LEAST_ONCE',
  })
  expect(task.effective.retry.maxRetries).toBe(3)
})

test('a task is found by identifier and by code', async () => {
  const task = await make('findable')
  const { tasks } = api.tenantA.client
  expect(await tasks.get({ params: { task: 'findable' } })).toEqual(task)
  expect(await tasks.get({ params: { task: task.id } })).toEqual(task)
})

test('a policy is inherited until it is set, and again once it is set to null', async () => {
  const { taskTypes, tasks } = api.tenantA.client
  await taskTypes.create({
    body: { code: 'slow', kind: 'delay', settings: { ms: 10 }, defaults: { timeoutMs: 1000, retry: { maxRetries: 7 } } },
  })
  const task = await make('inherits', { type: 'slow', policies: { retry: { delayMs: 5 } } })
  expect(task.effective).toMatchObject({ timeoutMs: 1000, retry: { maxRetries: 7, delayMs: 5, backoff: 'EXPONENTIAL' } })
  const own = await tasks.update({ params: { task: 'inherits' }, body: { version: 1, policies: { timeoutMs: 5 } } })
  expect(own.effective.timeoutMs).toBe(5)
  const again = await tasks.update({ params: { task: 'inherits' }, body: { version: 2, policies: { timeoutMs: null } } })
  expect(again.effective.timeoutMs).toBe(1000)
  expect(again.policies).toEqual({ retry: { delayMs: 5 } })
})

test('a stale write is refused and names both versions', async () => {
  await make('contested')
  const { tasks } = api.tenantA.client
  await tasks.update({ params: { task: 'contested' }, body: { version: 1, name: 'first' } })
  const stale = await refusal(tasks.update({ params: { task: 'contested' }, body: { version: 1, name: 'second' } }))
  expect(stale.code).toBe('VERSION_CONFLICT')
  expect(stale.extra).toMatchObject({ yourVersion: 1, currentVersion: 2 })
})

test('a code is taken once, and free again after its task is deleted', async () => {
  await make('reused')
  expect((await refusal(make('reused'))).code).toBe('CODE_TAKEN')
  await api.tenantA.client.tasks.remove({ params: { task: 'reused' } })
  expect((await make('reused')).version).toBe(1)
})
