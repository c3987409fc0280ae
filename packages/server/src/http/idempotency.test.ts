import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from './api.test-helper.ts'
import { requestHash } from './idempotency.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { taskTypes, tasks } = api.tenantA.client
  await taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
  await tasks.create({ body: { code: 'task', type: 'note' } })
})
afterAll(() => api.close())

const create = (code: string, idempotencyKey: string, more: object = {}, client = api.tenantA.client) =>
  client.tasks.create({ body: { code, type: 'note', ...more } }, { idempotencyKey })

async function count(table: string, where: string): Promise<number> {
  const { rows } = await api.root.query(`select count(*)::int as n from ${table} where ${where}`)
  return rows[0].n
}

describe('INV-7 the same key and request', () => {
  test('is answered what it was answered first, and has one effect and one audit row', async () => {
    const first = await create('once', 'k1')
    expect(await create('once', 'k1')).toEqual(first)
    expect(await count('audit', `operation = 'task.create' and object_id = '${first.id}'`)).toBe(1)
  })

  test('sent fifty times at once makes one object, and everyone learns which', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => create('storm', 'k2')))
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
    expect(await count('task', `code = 'storm'`)).toBe(1)
    expect(await count('audit', `operation = 'task.create' and object_id = '${answers[0]!.id}'`)).toBe(1)
  })

  test('of a trigger, sent fifty times at once, starts one run', async () => {
    const trigger = () => api.tenantA.client.runs.trigger({ params: { task: 'task' } }, { idempotencyKey: 'run-1' })
    const answers = await Promise.all(Array.from({ length: 50 }, trigger))
    expect(new Set(answers.map((answer) => answer.runId)).size).toBe(1)
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1)
    expect(await count('run_live', 'true')).toBe(1)
    expect(await count('audit', `operation = 'run.trigger'`)).toBe(1)
  })

  test('that was refused has not used the key up', async () => {
    expect((await refusal(create('once', 'k3'))).code).toBe('CODE_TAKEN')
    expect((await create('now-free', 'k3')).code).toBe('now-free')
  })

  test('survives a connection that breaks between commit and answer', async () => {
    const { db } = api
    const tenant = db.tenant
    const brokenAfterCommit: typeof tenant = async (id, work) => {
      await tenant(id, work)
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' })
    }
    Object.assign(db, { tenant: brokenAfterCommit })
    expect((await refusal(create('ambiguous', 'k4'))).code).toBe('UNAVAILABLE')
    Object.assign(db, { tenant })
    const answer = await create('ambiguous', 'k4')
    expect(answer.code).toBe('ambiguous')
    expect(await count('task', `code = 'ambiguous'`)).toBe(1)
  })
})

describe('a key', () => {
  test('with another request is refused', async () => {
    await create('first', 'k5')
    expect((await refusal(create('first', 'k5', { name: 'Another' }))).code).toBe('IDEMPOTENCY_MISMATCH')
    const trigger = (body: object) =>
      api.tenantA.client.runs.trigger({ params: { task: 'task' }, body }, { idempotencyKey: 'run-2' })
    await trigger({ params: { n: 1 } })
    expect((await refusal(trigger({ params: { n: 2 } }))).code).toBe('IDEMPOTENCY_MISMATCH')
  })

  test('belongs to who sent it: another token, another tenant and another route have keys of their own', async () => {
    await create('mine', 'k6')
    const colleague = api.client(await api.token(api.tenantA.id, 'owner'))
    expect((await refusal(create('mine', 'k6', {}, colleague))).code).toBe('CODE_TAKEN')
    await api.tenantB.client.taskTypes.create(
      { body: { code: 'note', kind: 'log', settings: { message: 'x' } } },
      { idempotencyKey: 'k6' },
    )
    expect((await create('mine', 'k6', {}, api.tenantB.client)).version).toBe(1)
  })

  test('is one to two hundred visible characters', async () => {
    for (const key of ['with space', 'x'.repeat(201), 'ü'])
      expect((await refusal(create('x', encodeURI(key).includes('%C3') ? '\u00fc' : key))).problems[0]?.path).toBe(
        '/headers/idempotency-key',
      )
  })
})

test('two requests are the same whatever the order of their fields, and different otherwise', () => {
  expect(requestHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(requestHash({ b: { d: null, c: [1, 2] }, a: 1 }))
  expect(requestHash({ a: undefined, b: 1 })).toBe(requestHash({ b: 1 }))
  expect(requestHash({ a: [1, 2] })).not.toBe(requestHash({ a: [2, 1] }))
  expect(requestHash({ a: '1' })).not.toBe(requestHash({ a: 1 }))
})
