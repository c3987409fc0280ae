import { rollUpFigures } from '../../lifecycle/tally-outcomes.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi, type TestTenant } from '../api.test-helper.ts'

// STA-2: what is going on, from bounded looks.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

let tenants = 0
async function newTenant(): Promise<TestTenant> {
  const code = `shop-${++tenants}`
  const { id } = await api.client(api.platform).tenants.create({ body: { code } })
  const owner = await api.token(id, 'owner')
  const client = api.client(owner)
  await client.apps.create({ body: { code: 'app' } })
  await client.taskTypes.create({ body: { code: 'type', kind: 'handler', settings: { handler: 'h' }, app: 'app' } })
  await client.tasks.create({ body: { code: 'nightly', type: 'type', policies: { retry: { maxRetries: 0 } } } })
  return { id, code, owner, client }
}

async function executorOf(tenant: TestTenant, instance = 'one') {
  const token = await api.token(tenant.id, 'executor')
  const post = async (path: string, body: object) => {
    const answer = await api.call({ method: 'POST', url: `/executor/v1/${path}`, token, body })
    if (answer.status !== 200) throw new Error(answer.text)
    return answer.body
  }
  const { session } = await post('register', { protocol: 1, app: 'app', instance, mode: 'PULL', handlers: ['h'], capacity: 10 })
  let seq = 0
  return {
    claim: async (max: number): Promise<{ instance: number; token: number }[]> =>
      (await post('claim', { session, seq: ++seq, max, waitMs: 0 })).assignments,
    report: (items: object[]) => post('report', { session, items }),
  }
}

const trigger = async ({ client }: TestTenant, count: number) => {
  const items = Array.from({ length: count }, () => ({ task: 'nightly' }))
  await client.runs.triggerMany({ body: { items } })
}

test('a tenant with nothing sees that there is nothing', async () => {
  const { client } = await newTenant()
  const overview = await client.overview.get()
  expect(overview).toMatchObject({
    executors: {
      total: 0,
      inService: 0,
      unhealthy: 0,
      capacity: 0,
      byStatus: { ONLINE: 0, OFFLINE: 0, MAINTENANCE: 0, DRAINING: 0 },
    },
    running: { count: 0, more: false },
    pending: { count: 0, more: false, oldestAt: null },
    lateness: {
      overdue: { count: 0, more: false, oldestAt: null },
      fireMs: { p50: null, p95: null },
      startMs: { p50: null, p95: null },
    },
    throughput: { more: false },
    next: [],
    failing: [],
  })
  expect(overview.throughput.minutes).toHaveLength(15)
  expect(overview.outcomes.states).toEqual(
    ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED'].map((state) => ({ state, count: 0, more: false })),
  )
})

test('what runs, waits, ended and failed, and who does it, of this tenant alone', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  await trigger(other, 3)
  await trigger(tenant, 8)
  const executor = await executorOf(tenant)
  const [first, second, third, fourth, ...held] = await executor.claim(6)
  const failed = (each: typeof first, message: string) => ({
    kind: 'FAILURE',
    instance: each!.instance,
    token: each!.token,
    error: { code: 'NO_DISK', message },
  })
  const fields = ({ instance, token }: { instance: number; token: number }) => ({ instance, token })
  await executor.report([{ kind: 'SUCCESS', ...fields(first!) }, failed(second, 'full'), failed(third, 'full again')])
  await executor.report([{ kind: 'FAILURE', ...fields(fourth!), error: { message: 'no code' } }])
  const overview = await tenant.client.overview.get()
  expect(held).toHaveLength(2)
  expect(overview).toMatchObject({
    executors: { total: 1, inService: 1, capacity: 10, byStatus: { ONLINE: 1 } },
    running: { count: 2, more: false },
    pending: { count: 2, more: false, oldestAt: expect.any(Number) },
    failing: [
      { task: { code: 'nightly' }, dag: null, code: 'NO_DISK', message: 'full again', count: 2, newestRun: third!.instance },
      { task: { code: 'nightly' }, code: 'FAILED', message: 'no code', count: 1 },
    ],
  })
  const counts = Object.fromEntries(overview.outcomes.states.map(({ state, count }) => [state, count]))
  expect(counts).toMatchObject({ SUCCESS: 1, FAILED: 3 })
  expect(overview.throughput.minutes.reduce((sum, { ended }) => sum + ended, 0)).toBe(4)
  expect(overview.lateness.startMs.p95).toBeGreaterThanOrEqual(0)
  expect((await other.client.overview.get()).pending.count).toBe(3)
  expect(await tenant.client.scheduler.status()).toMatchObject({ running: 2, pending: 2 })
})

test('the next fires and those that are overdue', async () => {
  const { client, id } = await newTenant()
  const timing = (hour: number) => ({ kind: 'CRON', expression: `0 0 ${hour} * * ?`, timezone: 'UTC' }) as const
  for (const hour of [2, 14])
    await client.schedules.create({ body: { code: `at-${hour}`, task: 'nightly', timing: timing(hour) } })
  await client.schedules.create({ body: { code: 'paused', task: 'nightly', timing: timing(3) } })
  await client.schedules.pause({ params: { schedule: 'paused' }, body: {} })
  const { next } = await client.overview.get()
  expect(next.map(({ schedule }) => schedule.code).toSorted()).toEqual(['at-14', 'at-2'])
  expect(next[0]!.fireAt).toBeLessThan(next[1]!.fireAt)
  expect(next[0]!.task?.code).toBe('nightly')
  await api.root.query(`update schedule_due set due_at = now() - interval '1 hour' where tenant_id = $1`, [id])
  const { lateness } = await client.overview.get({ query: { since: 0 } })
  expect(lateness.overdue).toMatchObject({ count: 3, more: false })
})

test('of much history only the newest is looked at, and it says so', async () => {
  const { client, id } = await newTenant()
  const { rows } = await api.root.query(`select id, plan_id from task where tenant_id = $1`, [id])
  await api.root.query(
    `insert into run_history (tenant_id, target_kind, target_id, plan_id, state, origin, started_by, params, priority, instances, created_at, started_at, ended_at)
     select $1, 'TASK', $2, $3, case when n % 100 = 0 then 'FAILED' else 'SUCCESS' end, 'API', 'x', '{}', 5, 1, now(), now(), now()
     from generate_series(1, 20000) n`,
    [id, rows[0].id, rows[0].plan_id],
  )
  const look = async () => {
    const started = performance.now()
    const overview = await client.overview.get()
    return { overview, ms: performance.now() - started }
  }
  const { overview, ms } = await look()
  const of = (state: string) => overview.outcomes.states.find((each) => each.state === state)
  expect(of('SUCCESS')).toMatchObject({ count: 4_950, more: true })
  // Of these there is an index.
  expect(of('FAILED')).toMatchObject({ count: 200, more: false })
  expect(overview.throughput.more).toBe(true)
  expect(ms).toBeLessThan(1_500)
  // Whoever else looks within two seconds sees the same.
  expect((await look()).overview).toEqual(overview)
})

test('nodes tell how they and the database do, to administrators of the platform', async () => {
  await api.root.query(`insert into server_node (id, name, version) values ('node-1', 'one', '1.0'), ('node-2', 'two', '1.1')`)
  await api.root.query(
    `insert into leader (role, node_id, term, lease_until) values ('housekeeping', 'node-2', 3, now() + interval '1 minute')`,
  )
  await api.client(api.platform).scheduler.stop()
  const nodes = await api.client(api.platform).overview.nodes()
  await api.client(api.platform).scheduler.start()
  expect(nodes).toMatchObject({
    scheduler: { state: 'STOPPED', changedBy: expect.stringContaining('token:'), changedAt: expect.any(Number) },
    versions: ['1.0', '1.1'],
    leaders: [{ role: 'housekeeping', node: 'node-2', term: 3 }],
    nodes: [
      { id: 'node-1', answers: true, alive: true, leads: [] },
      { id: 'node-2', answers: false, leads: ['housekeeping'] },
    ],
    database: { standbys: [] },
  })
  expect(nodes.database.roundTripMs).toBeGreaterThan(0)
  expect(Math.abs(nodes.database.clockAheadMs)).toBeLessThan(1_000)
})

test('of all tenants together: what runs, waits and is late, who leads, and what ended by the hour; for administrators of the platform alone', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const executor = await executorOf(tenant)
  await trigger(tenant, 3)
  await trigger(other, 2)
  const [first] = await executor.claim(1)
  await executor.claim(1)
  await executor.report([{ kind: 'SUCCESS', instance: first!.instance, token: first!.token, output: null }])
  await rollUpFigures(api.engine)
  expect((await refusal(tenant.client.overview.platform())).code).toBe('FORBIDDEN')
  const overview = await api.client(api.platform).overview.platform()
  const count = async (text: string) => (await api.root.query(text)).rows[0].n
  const ofState = (states: string) => count(`select count(*)::int as n from instance_live where state in (${states})`)
  expect(overview).toMatchObject({
    running: { count: await ofState(`'RESERVED', 'RUNNING'`), more: false },
    pending: { count: await ofState(`'PENDING'`), more: false, oldestAt: expect.any(Number) },
    overdue: { more: false },
    executors: { total: await count(`select count(*)::int as n from executor where deleted_at is null`) },
    nodes: { alive: 2, total: 2 },
    versions: ['1.0', '1.1'],
    leaders: [{ role: 'housekeeping', node: 'two', term: 3 }],
  })
  expect(overview.running.count).toBeGreaterThanOrEqual(1)
  expect(overview.pending.count).toBeGreaterThanOrEqual(3)
  const oldest = await count(`select to_ms(min(created_at))::float8 as n from instance_live where state = 'PENDING'`)
  expect(overview.pending.oldestAt).toBe(oldest)
  expect(overview.hours).toHaveLength(24)
  expect(overview.hours.at(-1)!.ended).toBeGreaterThanOrEqual(1)
  expect(overview.hours.reduce((sum, { ended }) => sum + ended, 0)).toBe(
    await count(
      `select sum(succeeded + failed + timed_out + cancelled + lost)::float8 as n from executor_hour where executor_id = 0`,
    ),
  )
  expect(JSON.stringify(overview)).not.toContain(tenant.code)
})

test('looks of people who signed in wait for each other, and for nobody else', async () => {
  const { rows } = await api.root.query(`insert into user_account (login, name) values ('ann', 'Ann') returning id`)
  await api.root.query(`insert into membership (tenant_id, user_id, role) values ($1, $2, 'viewer')`, [
    api.tenantA.id,
    rows[0].id,
  ])
  const headers = { cookie: await api.signIn(Number(rows[0].id)), 'carillon-tenant': 'tenant-a' }
  const lend = (pool: 'read' | 'console', count: number) => {
    let giveBack = () => {}
    const held = new Promise<void>((resolve) => (giveBack = resolve))
    const lent = Array.from({ length: count }, () => api.db[pool](api.tenantA.id, () => held))
    return async () => {
      giveBack()
      await Promise.all(lent)
    }
  }
  const backReads = lend('read', 3)
  expect((await api.call({ method: 'GET', url: '/api/v1/tasks', headers })).status).toBe(200)
  await backReads()
  const backConsole = lend('console', 3)
  expect((await api.call({ method: 'GET', url: '/api/v1/tasks', token: api.tenantA.owner })).status).toBe(200)
  await backConsole()
  const slow = api.db.console(api.tenantA.id, (tx) => tx.query({ name: '', text: 'select pg_sleep(10)' }))
  await expect(slow).rejects.toThrow('statement timeout')
  const changing = api.db.survey((tx) => tx.query({ name: '', text: `delete from user_session` }))
  await expect(changing).rejects.toThrow('read-only transaction')
})
