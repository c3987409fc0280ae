import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../http/api.test-helper.ts'
import { loadPresets } from './load-presets.ts'
import { PRESETS } from './presets.ts'

let api: TestApi
const refused: string[] = []
const load = (documents = PRESETS) =>
  loadPresets(api.db, { documents, onRefused: (code, error) => refused.push(`${code}: ${String(error)}`) })
beforeAll(async () => {
  api = await startTestApi()
  await load()
})
afterAll(() => api.close())

const type = { type: 'platform.http' }
const call = { method: 'GET', url: 'http://127.0.0.1:9/' }

test('TYP-6 every tenant sees the types of the platform beside its own, and a second start changes nothing', async () => {
  expect([await load(), refused]).toEqual([[], []])
  for (const { client } of [api.tenantA, api.tenantB]) {
    const { items } = await client.taskTypes.list({ query: { shared: true } })
    expect(items.map(({ code }) => code)).toEqual(PRESETS.map(({ code }) => code).toSorted())
    expect(items.every(({ shared, version }) => shared && version === 1)).toBe(true)
    expect(await client.taskTypes.get({ params: type })).toMatchObject({ kind: 'http', settings: { fromParams: true } })
    expect((await client.definitions.export({ query: { kind: 'TaskType' } })).items).toEqual([])
  }
})

test('of several nodes that start at once one loads them', async () => {
  await Promise.all([load(), load(), load()])
  const { items } = await api.tenantA.client.taskTypes.list({ query: { shared: true } })
  expect(items).toHaveLength(PRESETS.length)
})

test('no tenant changes, deletes or restores one of them, whatever the role; the answer says what to do instead', async () => {
  const { taskTypes } = api.tenantA.client
  for (const attempt of [
    () => taskTypes.update({ params: type, body: { version: 1, name: 'mine' } }),
    () => taskTypes.remove({ params: type }),
    () => taskTypes.restore({ params: type, body: { version: 1, revision: 1 } }),
    () =>
      api.tenantA.client.definitions.apply({
        body: { documents: [{ kind: 'TaskType', code: type.type, work: 'log', settings: { message: 'x' } }] },
      }),
  ])
    expect(await refusal(attempt())).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('Copy it') })
  const viewer = api.client(await api.token(api.tenantA.id, 'viewer'))
  expect((await viewer.taskTypes.get({ params: type })).shared).toBe(true)
  expect(await refusal(viewer.tasks.create({ body: { code: 'x', type: type.type } }))).toMatchObject({ code: 'FORBIDDEN' })
  expect(await refusal(viewer.taskTypes.copy({ params: type, body: { code: 'x' } }))).toMatchObject({ code: 'FORBIDDEN' })
})

test('a code means one type: those of tenants do not begin as those of the platform, and none of theirs is shared', async () => {
  const { taskTypes } = api.tenantA.client
  const body = { code: 'platform.mine', kind: 'log', settings: { message: 'x' } }
  expect((await refusal(taskTypes.create({ body }))).problems).toMatchObject([{ path: '/body/code' }])
  expect((await refusal(taskTypes.create({ body: { ...body, shared: true } }))).problems).toMatchObject([
    { path: '/body/shared' },
  ])
  const platform = api.client(api.platform, 'platform')
  const wrong = platform.taskTypes.create({ body: { ...body, code: 'mine', shared: true } })
  expect((await refusal(wrong)).problems).toMatchObject([{ path: '/body/code' }])
})

test('a task names one by its code, its parameters are checked by it, and it is found by it', async () => {
  const { tasks, runs } = api.tenantA.client
  const wrong = tasks.create({ body: { code: 'ping', type: type.type, params: { ...call, method: 'CALL' } } })
  expect((await refusal(wrong)).problems).toMatchObject([{ path: '/body/params/method' }])
  const task = await tasks.create({ body: { code: 'ping', type: type.type, params: call } })
  expect(task.type).toMatchObject({ code: 'platform.http', kind: 'http' })
  expect((await tasks.list({ query: { type: type.type } })).items.map(({ code }) => code)).toEqual(['ping'])
  await tasks.update({ params: { task: 'ping' }, body: { version: 1, name: 'Ping' } })
  const restored = await tasks.restore({ params: { task: 'ping' }, body: { version: 2, revision: 1 } })
  expect(restored.type.code).toBe('platform.http')
  await tasks.copy({ params: { task: 'ping' }, body: { code: 'pong' } })
  expect((await runs.trigger({ params: { task: 'ping' }, body: {} })).runId).toBeGreaterThan(0)
  expect((await api.tenantB.client.tasks.list({ query: { type: type.type } })).items).toEqual([])
})

test('a copy is the tenant’s own and may be changed', async () => {
  const { taskTypes } = api.tenantB.client
  const copy = await taskTypes.copy({ params: type, body: { code: 'my-call' } })
  expect(copy).toMatchObject({ shared: false, settings: { fromParams: true } })
  await taskTypes.update({ params: { type: 'my-call' }, body: { version: 1, name: 'Mine' } })
  expect(await refusal(api.tenantA.client.taskTypes.get({ params: { type: 'my-call' } }))).toMatchObject({ code: 'NOT_FOUND' })
})

test('a tenant that may not use the kind of a type may not use the type', async () => {
  const { id } = await api.client(api.platform, 'platform').tenants.create({ body: { code: 'narrow' } })
  const admin = api.client(api.platform, 'platform')
  await admin.tenants.update({ params: { tenant: 'narrow' }, body: { version: 1, kinds: ['log'] } })
  const { tasks, taskTypes } = api.client(await api.token(id, 'owner'))
  expect(await refusal(tasks.create({ body: { code: 'x', type: type.type } }))).toMatchObject({ code: 'FORBIDDEN' })
  expect(await refusal(taskTypes.copy({ params: type, body: { code: 'x' } }))).toMatchObject({ code: 'FORBIDDEN' })
})

test('a later version of the product brings a type up to date, and the tasks of every tenant follow', async () => {
  const [{ client: a }, { client: b }] = [api.tenantA, api.tenantB]
  const document = (message: string) => ({
    ...{ kind: 'TaskType' as const, code: 'platform.note', work: 'log', shared: true },
    ...{ settings: { message }, defaults: { priority: message.length } },
  })
  await load([document('one')])
  for (const { tasks } of [a, b]) await tasks.create({ body: { code: 'note', type: 'platform.note' } })
  expect(await load([document('three')])).toEqual(['platform.note'])
  for (const { tasks } of [a, b]) expect((await tasks.get({ params: { task: 'note' } })).effective.priority).toBe(5)
  const { rows } = await api.root.query(
    `select p.body -> 'nodes' -> 0 -> 'settings' ->> 'message' as message from task t join plan p on p.tenant_id = t.tenant_id and p.id = t.plan_id where t.code = 'note'`,
  )
  expect(rows).toEqual([{ message: 'three' }, { message: 'three' }])
  const platform = api.client(api.platform, 'platform')
  expect(await refusal(platform.taskTypes.remove({ params: { type: 'platform.note' } }))).toMatchObject({ code: 'IN_USE' })
})

test('one that would no longer fit a tenant’s tasks stays as it was, and the others go on', async () => {
  const paramsSchema = { type: 'object', required: ['day'], properties: { day: { type: 'string' } }, additionalProperties: false }
  const other = { kind: 'TaskType' as const, code: 'platform.other', work: 'log', shared: true, settings: { message: 'x' } }
  const before = { ...other, code: 'platform.strict' }
  await load([before])
  await api.tenantA.client.tasks.create({ body: { code: 'strict', type: 'platform.strict', params: { night: 1 } } })
  expect(await load([{ ...before, paramsSchema }, other])).toEqual(['platform.other'])
  expect(refused.at(-1)).toContain('platform.strict')
  expect((await api.tenantA.client.taskTypes.get({ params: { type: 'platform.strict' } })).paramsSchema).toBeNull()
})
