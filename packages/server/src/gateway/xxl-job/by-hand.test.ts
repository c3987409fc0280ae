import type { ExecutorUpdate, XxlJobExecutorCreate } from '@carillon/contract'
import type { CarillonError } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guardedConnect } from '../../builtin/egress-guard.ts'
import { createXxlJobExecutor, updateExecutor } from '../../definition/executor.ts'
import { createHealthChecks, DEFAULT_HEALTH_SETTINGS } from '../../lifecycle/check-health.ts'
import type { TestTask } from '../../lifecycle/engine.test-helper.ts'
import { reapLost } from '../../lifecycle/overdue.ts'
import { lockCheck } from '../../storage/executor-check.ts'
import { learnXxlDialect } from '../../storage/xxl-job-session.ts'
import { TEST_VAULT } from '../../testing/test-vault.ts'
import { createXxlJobClient, type XxlJobClient } from './client.ts'
import { createGateway, fakeExecutor, no, yes, type FakeExecutor, type Gateway } from './gateway.test-helper.ts'
import { createBeatProbe } from './probe.ts'

// Groups of xxl-job whose addresses people type in: such an executor never registers, and is called all the same.

let gateway: Gateway
let client: XxlJobClient
beforeAll(async () => {
  gateway = await createGateway()
  client = createXxlJobClient({ answerMs: 1_000 })
})
afterAll(async () => {
  await client.close()
  await gateway.close()
})

const LIMITS = { paramsBytes: 1_000, schemaBytes: 1_000 }
const editing = <T>(task: TestTask, work: (edit: Parameters<typeof createXxlJobExecutor>[0]) => Promise<T>) =>
  gateway.world.db.engine((tx) => work({ tx, tenantId: task.tenantId, principal: 'user:ada', role: 'owner', limits: LIMITS }))
const create = async (task: TestTask, body: Omit<XxlJobExecutorCreate, 'app'>) =>
  (await editing(task, (edit) => createXxlJobExecutor(edit, TEST_VAULT, { app: task.appCode, ...body }))).answer
const update = async (task: TestTask, id: number, body: ExecutorUpdate) =>
  (await editing(task, (edit) => updateExecutor(edit, TEST_VAULT, id, body))).answer
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: CarillonError) => error.problems?.[0]?.path ?? error.message,
  )

interface Typed {
  readonly task: TestTask
  readonly token: string
  readonly executor: FakeExecutor
  readonly id: number
}

/** Registered by hand, not asked yet. */
async function typed(more: Partial<XxlJobExecutorCreate> = {}): Promise<Typed> {
  const task = await gateway.task()
  const token = await gateway.token(task)
  const executor = await fakeExecutor()
  const { id } = await create(task, { address: executor.address, callToken: token, ...more })
  return { task, token, executor, id }
}

/** Asks all for their beat, once. */
async function beat(using = client): Promise<void> {
  await gateway.world.sql(`update executor_check set due_at = now(), own_due_at = now()`)
  const probe = createBeatProbe({ engine: gateway.world.engine, vault: TEST_VAULT, client: using })
  const checks = createHealthChecks(gateway.world.engine, 'node', probe, DEFAULT_HEALTH_SETTINGS)
  while ((await checks.step(1)) === 0);
  await checks.settled()
}

const seen = async ({ id }: { id: number }) =>
  (
    await gateway.world.sql<{ status: string; health: string; inService: boolean; reason: string | null }>(
      `select status, health, in_service as "inService", health_reason as reason from executor where id = $1`,
      id,
    )
  )[0]!

/** Of a queue that is new the node hears at once. */
async function start(task: TestTask): Promise<number> {
  const run = await gateway.world.start(task)
  await gateway.world.db.engine((tx) => gateway.world.engine.queues.refresh(tx))
  return run
}

async function runsOn({ task, executor }: Typed, token: string): Promise<void> {
  const run = await start(task)
  const before = executor.calls.length
  await gateway.dispatch()
  await gateway.until(() => executor.calls.slice(before).some(({ action, body }) => action !== 'beat' && 'logId' in body))
  const { logId } = executor.calls.slice(before).find(({ body }) => 'logId' in body)!.body
  await gateway.callback(token, { logId, handleCode: 200, handleMsg: 'fine' })
  expect(await gateway.world.run(run)).toMatchObject({ run: 'SUCCESS' })
}

test('it never registers: its first beat brings it into service, it runs a task, and is shown the token that it calls back with', async () => {
  const stage = await typed()
  expect(await seen(stage)).toMatchObject({ status: 'OFFLINE', inService: false })
  await beat()
  expect(await seen(stage)).toEqual({ status: 'ONLINE', health: 'HEALTHY', inService: true, reason: null })
  await runsOn(stage, stage.token)
  const [{ headers, text }] = stage.executor.of('beat') as [FakeExecutor['calls'][0]]
  expect(headers).toMatchObject({ 'xxl-job-access-token': stage.token, 'xxl-job-appname': stage.task.appCode })
  expect(text).toBe('{}')
  const rows = await gateway.world.sql(
    `select to_jsonb(c) as check, to_jsonb(x) as session from executor_check c, xxl_job_session x`,
  )
  expect(JSON.stringify(rows)).not.toContain(stage.token)
})

test('one that is killed is found unhealthy by three beats, loses its session, and comes back with an answer', async () => {
  const stage = await typed()
  await beat()
  stage.executor.answers['beat'] = () => null
  await beat()
  await beat()
  expect(await seen(stage)).toMatchObject({ health: 'HEALTHY', inService: true })
  await beat()
  expect(await seen(stage)).toMatchObject({ status: 'ONLINE', health: 'UNHEALTHY', inService: false })
  await gateway.world.sql(`update executor_session set lease_until = now() - interval '1 s' where executor_id = $1`, stage.id)
  await reapLost(gateway.world.engine, true)
  expect(await seen(stage)).toMatchObject({ status: 'OFFLINE' })
  stage.executor.answers['beat'] = yes
  await beat()
  await beat()
  expect(await seen(stage)).toMatchObject({ status: 'ONLINE', health: 'HEALTHY', inService: true })
  await runsOn(stage, stage.token)
})

test('one that knows another token says so by its first beat, and gets nothing', async () => {
  const stage = await typed()
  stage.executor.answers['beat'] = no('The access token is wrong.')
  await beat()
  expect(await seen(stage)).toMatchObject({ status: 'OFFLINE', inService: false })
  const [check] = await gateway.world.sql(`select detail from executor_check where executor_id = $1`, stage.id)
  expect(check).toEqual({ detail: 'It refused its beat: The access token is wrong.' })
})

test('what it speaks is seen at the first contact, and remembered for its next sessions', async () => {
  const stage = await typed()
  stage.executor.answers['run'] = no('uri-mapping(/run) not found')
  await beat()
  await runsOn(stage, stage.token)
  expect([stage.executor.of('run').length, stage.executor.of('trigger').length]).toEqual([1, 1])
  await gateway.until(
    async () =>
      (await gateway.world.sql(`select from executor_check where executor_id = $1 and xxl_dialect = 'C'`, stage.id)).length === 1,
  )
  await gateway.world.sql(`update executor_session set lease_until = now() - interval '1 s' where executor_id = $1`, stage.id)
  await reapLost(gateway.world.engine, true)
  await beat()
  await runsOn(stage, stage.token)
  expect([stage.executor.of('run').length, stage.executor.of('trigger').length]).toEqual([1, 2])
})

test('what it speaks is written down in the order in which a person changes it: the check first, so that neither waits for the other', async () => {
  const stage = await typed()
  await beat()
  const { sql, db } = gateway.world
  const [open] = await sql<{ id: number }>(
    `select id from executor_session where executor_id = $1 and ended_at is null`,
    stage.id,
  )
  const { tenantId } = stage.task
  const learned = await db.engine(async (tx) => {
    lockCheck(tx, tenantId, stage.id)
    await tx.now()
    const learns = db.engine((other) => learnXxlDialect(other, tenantId, open!.id, 'C'))
    const waiting = `select from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`
    await gateway.until(async () => (await sql(waiting)).length > 0)
    expect(await sql(`select from xxl_job_session where session_id = $1 for update nowait`, open!.id)).toHaveLength(1)
    return { learns }
  })
  await learned.learns
  expect(await sql(`select dialect from xxl_job_session where session_id = $1`, open!.id)).toEqual([{ dialect: 'C' }])
})

test('one that is registered in maintenance is asked how it is, and gets no work until it is set online', async () => {
  const stage = await typed({ maintenance: 'xxl-job fires it still' })
  const run = await start(stage.task)
  await beat()
  await gateway.dispatch()
  expect(await seen(stage)).toMatchObject({ status: 'MAINTENANCE', health: 'HEALTHY', inService: false })
  expect(await gateway.world.run(run)).toMatchObject({ instance: 'PENDING' })
  expect(stage.executor.of('run')).toEqual([])
})

test('a token under which it could not call back is refused: of nobody, of another app, of another role', async () => {
  const task = await gateway.task()
  const sibling = await gateway.task({ tenantId: task.tenantId })
  const token = await gateway.token(task)
  await gateway.world.sql(`update api_token set role = 'operator', app_id = null where app_id = $1`, task.appId)
  for (const callToken of [
    'default_token_of_nobody',
    await gateway.token(sibling),
    await gateway.token(await gateway.task()),
    token,
  ])
    expect(await refusal(create(task, { address: 'http://10.1.2.3:9999', callToken }))).toBe('/body/callToken')
})

test('moved to another address it is shown a token only by who knows it; what its protocol gives is not changed', async () => {
  const stage = await typed()
  await beat()
  const other = await fakeExecutor()
  expect(await refusal(update(stage.task, stage.id, { address: other.address }))).toBe('/body/callToken')
  expect(await refusal(update(stage.task, stage.id, { callToken: null }))).toBe('/body/callToken')
  expect(await refusal(update(stage.task, stage.id, { handlers: ['h'] }))).toBe('/body/handlers')
  const next = await gateway.token(stage.task)
  expect(await update(stage.task, stage.id, { address: other.address, callToken: next })).toMatchObject({
    ...{ protocol: 'XXL_JOB', address: other.address, healthUrl: `${other.address}/beat` },
  })
  await beat()
  await runsOn({ ...stage, executor: other }, next)
  expect(other.calls.map(({ headers }) => headers['xxl-job-access-token'])).toEqual([next, next])
})

test('a private address is not asked where the network rules forbid it', async () => {
  const guarded = createXxlJobClient({ connectOf: () => guardedConnect({ allowPrivate: false }) })
  const stage = await typed()
  await beat(guarded)
  await guarded.close()
  expect(stage.executor.calls).toEqual([])
  const [check] = await gateway.world.sql<{ detail: string }>(
    `select detail from executor_check where executor_id = $1`,
    stage.id,
  )
  expect(check!.detail).toMatch(/private|loopback/i)
})

test('a lease longer than the gateway gives is not shortened by an executor that says it is at work', async () => {
  const stage = await typed({ healthEveryMs: 600_000 })
  await beat()
  stage.executor.answers['idleBeat'] = no('busy')
  const run = await start(stage.task)
  await gateway.dispatch()
  await gateway.until(async () => (await gateway.world.run(run)).instance === 'RUNNING')
  await gateway.due()
  await gateway.keep()
  const [left] = await gateway.world.sql<{ minutes: number }>(
    `select extract(epoch from lease_until - now()) / 60 as minutes from executor_session where executor_id = $1`,
    stage.id,
  )
  expect(Number(left!.minutes)).toBeGreaterThan(20)
})
