import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

const canary = () => `canary-${randomBytes(8).toString('hex')}`

test('a secret is created, listed by name, rotated and deleted, and its value is answered by nothing', async () => {
  const { client } = api.tenantA
  const [first, second] = [canary(), canary()]
  const created = await client.secrets.create({ body: { name: 'smtp', value: first, description: 'mail' } })
  const rotated = await client.secrets.rotate({ params: { secret: 'smtp' }, body: { value: second } })
  expect([created.valueVersion, rotated.valueVersion]).toEqual([1, 2])
  const list = await client.secrets.list({ query: { q: 'SMT' } })
  expect(list.items).toEqual([rotated])
  const audit = await client.audit.list({ query: {} })
  expect(audit.items.map(({ operation }) => operation).slice(0, 2)).toEqual(['secret.rotate', 'secret.create'])
  const tables = await api.root.query(
    `select (select string_agg(s::text, '') from secret s) || (select string_agg(a::text, '') from audit a) as text`,
  )
  for (const value of [first, second]) expect(JSON.stringify([created, rotated, list, audit, tables.rows])).not.toContain(value)
  await client.secrets.remove({ params: { secret: 'smtp' } })
  expect(await refusal(client.secrets.get({ params: { secret: 'smtp' } }))).toMatchObject({ code: 'NOT_FOUND' })
})

test('a refused request does not say the value either', async () => {
  const value = canary()
  const token = api.tenantA.owner
  const bodies = [
    `{"name":"x","value":"${value}" oops`,
    { name: 'no good', value },
    { name: 'x', value: [value] },
    { name: 'x', value, more: value },
  ]
  for (const body of bodies) {
    const answer = await api.call({ method: 'POST', url: '/api/v1/secrets', token, body })
    expect([400, 422]).toContain(answer.status)
    expect(answer.text).not.toContain(value)
  }
})

test('a name is given once', async () => {
  const { client } = api.tenantA
  await client.secrets.create({ body: { name: 'once', value: 'a' } })
  expect(await refusal(client.secrets.create({ body: { name: 'once', value: 'b' } }))).toMatchObject({ code: 'CODE_TAKEN' })
  await api.tenantB.client.secrets.create({ body: { name: 'once', value: 'c' } })
})

test('an app that it is meant for exists, in the tenant or as one that the platform shares; what refers to it may come later', async () => {
  const { client } = api.tenantA
  await client.apps.create({ body: { code: 'passing' } })
  await api.tenantB.client.apps.create({ body: { code: 'elsewhere' } })
  const usableBy = { apps: ['passing', 'builtin'], tasks: ['comes-later'] }
  const made = await client.secrets.create({ body: { name: 'meant', value: 'a', usableBy } })
  for (const app of ['nope', 'elsewhere']) {
    const problems = [{ path: '/body/usableBy/apps/1', message: `names the app ${app}, which does not exist in this tenant` }]
    const wrong = { apps: ['builtin', app] }
    expect(await refusal(client.secrets.create({ body: { name: 'other', value: 'a', usableBy: wrong } }))).toMatchObject({
      problems,
    })
    const update = client.secrets.update({ params: { secret: 'meant' }, body: { version: made.version, usableBy: wrong } })
    expect(await refusal(update)).toMatchObject({ problems })
  }
  await client.apps.remove({ params: { app: 'passing' } })
  const body = { version: made.version, usableBy: { ...usableBy, roles: ['admin' as const] } }
  expect((await client.secrets.update({ params: { secret: 'meant' }, body })).usableBy).toEqual(body.usableBy)
})

test('who may use it can be changed, on the newest version only', async () => {
  const { client } = api.tenantA
  await client.secrets.create({ body: { name: 'scoped', value: 'a' } })
  await client.apps.create({ body: { code: 'billing' } })
  const usableBy = { apps: ['billing'], roles: ['admin' as const] }
  const after = await client.secrets.update({ params: { secret: 'scoped' }, body: { version: 1, usableBy } })
  expect(after).toMatchObject({ version: 2, valueVersion: 1, usableBy })
  const stale = client.secrets.update({ params: { secret: 'scoped' }, body: { version: 1, usableBy: {} } })
  expect(await refusal(stale)).toMatchObject({ code: 'VERSION_CONFLICT' })
})

const schema = {
  type: 'object',
  properties: { key: { type: 'string', minLength: 100, 'x-secret': true }, rows: { type: 'integer' } },
}
const typeOf = (code: string) => ({ code, kind: 'log', settings: { message: 'x' }, paramsSchema: schema })

test('a parameter that its schema marks as secret is given by reference alone', async () => {
  const { client } = api.tenantA
  await client.secrets.create({ body: { name: 'key', value: 'a' } })
  await client.taskTypes.create({ body: typeOf('marked') })
  const create = (code: string, key: unknown) => client.tasks.create({ body: { code, type: 'marked', params: { key } } })
  const refused = await refusal(create('in-clear', canary()))
  expect(refused).toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ path: '/body/params/key' }] })
  expect(refused.message).toContain('${{ secrets.name }}')
  await create('by-reference', '${{ secrets.key }}')
  // The reference stands for anything, but beside it the schema holds.
  const wrong = client.tasks.create({
    body: { code: 'wrong', type: 'marked', params: { key: '${{ secrets.key }}', rows: 'many' } },
  })
  expect(await refusal(wrong)).toMatchObject({ problems: [{ path: '/body/params/rows' }] })
})

test('whoever starts a run cannot choose a secret', async () => {
  const { client } = api.tenantA
  await client.taskTypes.create({ body: { code: 'open', kind: 'log', settings: { message: 'x' } } })
  await client.tasks.create({ body: { code: 'open', type: 'open' } })
  const trigger = client.runs.trigger({ params: { task: 'open' }, body: { params: { show: '${{ secrets.key }}' } } })
  expect(await refusal(trigger)).toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ path: '/body/params' }] })
})

test('nor write the mark that stands for one, in a run, a repetition, a schedule or a task', async () => {
  const { client } = api.tenantA
  const marked = { show: [{ $secret: 'key' }] }
  const { runId } = await client.runs.trigger({ params: { task: 'open' } })
  const { instances } = await client.runs.get({ params: { run: runId } })
  await client.runs.cancel({ params: { run: runId } })
  const timing = { kind: 'CRON', expression: '0 0 3 * * ?', timezone: 'UTC' } as const
  const attempts = [
    () => client.runs.trigger({ params: { task: 'open' }, body: { params: marked } }),
    () => client.runs.retry({ params: { run: runId }, body: { params: marked } }),
    () => client.instances.retry({ params: { instance: instances[0]!.id }, body: { params: marked } }),
    () => client.schedules.create({ body: { code: 'marked', task: 'open', timing, params: marked } }),
    () => client.tasks.create({ body: { code: 'marked', type: 'open', params: marked } }),
  ]
  for (const attempt of attempts) {
    const { problems } = await refusal(attempt())
    expect(problems).toMatchObject([{ path: '/body/params', message: expect.stringContaining('$secret') }])
  }
})

test('a definition refers only to secrets that exist and are open to the role of its author; what it leaves as it was stays', async () => {
  const { client, id } = api.tenantA
  const developer = api.client(await api.token(id, 'developer'))
  await client.secrets.create({ body: { name: 'guarded', value: 'a', usableBy: { roles: ['owner', 'admin'] } } })
  const task = (code: string, name: string) => ({ body: { code, type: 'open', params: { key: `\${{ secrets.${name} }}` } } })
  expect(await refusal(developer.tasks.create(task('t1', 'nothing')))).toMatchObject({ problems: [{ path: '/body/params' }] })
  expect((await refusal(developer.tasks.create(task('t1', 'guarded')))).message).toContain('owner, admin')
  await client.tasks.create(task('t1', 'guarded'))
  await developer.tasks.update({ params: { task: 't1' }, body: { version: 1, name: 'Another' } })
  const beside = developer.tasks.update({
    params: { task: 't1' },
    body: { version: 2, params: { ...task('', 'guarded').body.params, to: 'me' } },
  })
  expect((await refusal(beside)).problems).toMatchObject([
    { path: '/body/params', message: expect.stringContaining('owner, admin') },
  ])
  expect((await refusal(developer.secrets.rotate({ params: { secret: 'guarded' }, body: { value: 'b' } }))).code).toBe(
    'FORBIDDEN',
  )
})

test('a DAG is written with references that are open to the role of who writes it, in a draft as in a document', async () => {
  const { client, id } = api.tenantA
  await client.taskTypes.create({ body: { code: 'dag-note', kind: 'log', settings: { message: 'x' } } })
  await client.tasks.create({ body: { code: 'dag-note', type: 'dag-note' } })
  await client.secrets.create({ body: { name: 'owners-only', value: 'a', usableBy: { roles: ['owner'] } } })
  await client.dags.create({ body: { code: 'refers' } })
  const developer = api.client(await api.token(id, 'developer'))
  const definition = (secret: string, more: object = {}) => ({
    nodes: [{ code: 'a', task: 'dag-note', params: { key: `\${{ secrets.${secret} }}`, ...more } }],
    edges: [],
  })
  const params = { dag: 'refers' }
  for (const incomplete of [false, true]) {
    const { problems } = await refusal(
      developer.dagVersions.create({ params, body: { definition: definition('owners-only'), incomplete } }),
    )
    expect(problems).toMatchObject([
      { path: '/body/definition', message: expect.stringContaining('roles owner; yours is developer') },
    ])
  }
  const missing = await refusal(developer.dagVersions.create({ params, body: { definition: definition('nowhere') } }))
  expect(missing.problems).toMatchObject([{ message: expect.stringContaining('does not exist') }])
  const { number } = await developer.dagVersions.create({
    params,
    body: { definition: { nodes: [], edges: [] }, incomplete: true },
  })
  const update = (from: typeof client, revision: number, body: object) =>
    from.dagVersions.update({ params: { ...params, number }, body: { revision, definition: body as never } })
  expect(await refusal(update(developer, 1, definition('owners-only')))).toMatchObject({ code: 'VALIDATION_FAILED' })
  const { revision } = await update(client, 1, definition('owners-only'))
  expect(await refusal(update(developer, revision, definition('owners-only', { more: 1 })))).toMatchObject({
    code: 'VALIDATION_FAILED',
  })
  const { nodes } = definition('owners-only')
  await update(developer, revision, { nodes: [...nodes, { code: 'b', task: 'dag-note' }], edges: [] })
})

test('parameters that say where a secret goes are for those who might have written the task', async () => {
  const { client, id } = api.tenantA
  const [developer, operator] = [api.client(await api.token(id, 'developer')), api.client(await api.token(id, 'operator'))]
  await client.secrets.create({ body: { name: 'plain', value: 'a' } })
  await client.secrets.create({ body: { name: 'admins', value: 'a', usableBy: { roles: ['owner', 'admin'] } } })
  await client.taskTypes.create({ body: { code: 'calls', kind: 'http', settings: { fromParams: true } } })
  const task = (code: string, secret: string) =>
    client.tasks.create({
      body: { code, type: 'calls', params: { url: 'http://127.0.0.1:9/', headers: { 'x-key': `\${{ secrets.${secret} }}` } } },
    })
  await task('calls-plain', 'plain')
  await task('calls-admins', 'admins')
  const elsewhere = { url: 'http://127.0.0.1:10/steal' }
  const trigger = (from: typeof client, code: string, params?: object) =>
    from.runs.trigger({ params: { task: code }, body: params ? { params: params as Record<string, unknown> } : {} })

  await trigger(operator, 'calls-plain')
  expect(await refusal(trigger(operator, 'calls-plain', elsewhere))).toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('refer to the secret "plain"'),
  })
  const { items } = await operator.runs.triggerMany({
    body: { items: [{ task: 'calls-plain', params: elsewhere }, { task: 'calls-plain' }] },
  })
  expect(items).toMatchObject([{ ok: false, code: 'FORBIDDEN' }, { ok: true }])
  const { runId } = await trigger(developer, 'calls-plain', elsewhere)
  expect(await refusal(trigger(developer, 'calls-admins', elsewhere))).toMatchObject({ problems: [{ path: '/body/params' }] })
  await trigger(client, 'calls-admins', elsewhere)

  await client.runs.cancel({ params: { run: runId } })
  const again = (from: typeof client) => from.runs.retry({ params: { run: runId }, body: { params: elsewhere } })
  expect((await refusal(again(operator))).code).toBe('FORBIDDEN')
  await again(developer)

  const timing = { kind: 'CRON', expression: '0 0 3 * * ?', timezone: 'UTC' } as const
  const schedule = developer.schedules.create({ body: { code: 'steals', task: 'calls-admins', timing, params: elsewhere } })
  expect(await refusal(schedule)).toMatchObject({ problems: [{ path: '/body/params' }] })

  await client.dags.create({ body: { code: 'steals' } })
  const definition = (params?: object) => ({
    nodes: [{ code: 'a', task: 'calls-admins', ...(params ? { params } : {}) }],
    edges: [],
  })
  const draft = (from: typeof client, params?: object, incomplete = false) =>
    from.dagVersions.create({ params: { dag: 'steals' }, body: { definition: definition(params) as never, incomplete } })
  expect((await refusal(draft(developer, elsewhere))).problems).toMatchObject([{ path: '/body/definition/nodes/0/params' }])
  const activate = (from: typeof client, number: number) =>
    from.dagVersions.activate({ params: { dag: 'steals', number }, body: {} })
  await activate(developer, (await draft(developer)).number)
  const { number } = await draft(developer, elsewhere, true)
  expect((await refusal(activate(developer, number))).problems).toMatchObject([{ path: '/definition/nodes/0/params' }])
})

test('a run whose task refers to a secret is repeated with other parameters', async () => {
  const { client } = api.tenantA
  await client.taskTypes.create({ body: { code: 'notes', kind: 'log', settings: { message: 'x' } } })
  await client.tasks.create({ body: { code: 'notes', type: 'notes', params: { key: '${{ secrets.plain }}', n: 1 } } })
  const { runId } = await client.runs.trigger({ params: { task: 'notes' } })
  await client.runs.cancel({ params: { run: runId } })
  const again = await client.runs.retry({ params: { run: runId }, body: { params: { n: 2 } } })
  expect((await client.runs.get({ params: { run: again.newRunId! } })).params).toEqual({ key: '${{ secrets.plain }}', n: 2 })
})
