import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { createLifecycle } from './create-lifecycle.ts'
import { createDag, type TestDag } from './dag.test-helper.ts'
import { createWorld, type World } from './engine.test-helper.ts'
import { fireSchedules } from './fire-schedules.ts'
import type { AuditEntry, Lifecycle, StartRequest } from './lifecycle.ts'
import { workOffBackfills } from './work-off-backfills.ts'

// However many runs of however many nodes begin at once, no transaction starts more nodes than it may.

const MOST = 20
const NODES = 5

let world: World
let lifecycle: Lifecycle
beforeAll(async () => {
  world = await createWorld({ startNodes: MOST, startBatch: 10 })
  lifecycle = createLifecycle(world.engine, { wakeFiring() {}, wakeBackfill() {} })
})
afterAll(() => world.close())
afterEach(() => void (world.events.length = 0))

const dagOf = async (nodes = NODES): Promise<TestDag> =>
  createDag(world, await world.task(), { graph: Array.from({ length: nodes }, (_, n) => `n${n}`).join(' ') })

const request = (dag: TestDag, nodes: number, more: Partial<StartRequest> = {}): StartRequest => ({
  ...{ tenantId: dag.task.tenantId, target: { kind: 'DAG', id: dag.id }, nodes },
  ...{ origin: 'API', startedBy: 'test', params: {} },
  ...more,
})
const audit = (tenantId: number): AuditEntry => ({
  ...{ tenantId, principal: 'test', address: null, requestId: null, operation: 'run.trigger', objectKind: 'dag', objectId: null },
  ...{ before: null, after: null },
})

/** How many nodes of runs of these each transaction started. */
async function nodesByTransaction(...dags: readonly TestDag[]): Promise<number[]> {
  const rows = await world.sql<{ nodes: number }>(
    `select count(*)::int as nodes from instance_live i join run_live r on r.tenant_id = i.tenant_id and r.id = i.run_id
     where r.target_id = any($1::bigint[]) group by i.xmin::text`,
    dags.map((dag) => dag.id),
  )
  return rows.map((row) => row.nodes)
}
const runsOf = async (dag: TestDag) => (await world.sql(`select 1 from run_live where target_id = $1`, dag.id)).length

/** As no save leaves it. */
async function spoilPlan(dag: TestDag): Promise<void> {
  const [plan] = await world.sql<{ id: number }>(
    `insert into plan (tenant_id, target_kind, target_id, body) values ($1, 'DAG', $2, '{"nodes": null}') returning id`,
    dag.task.tenantId,
    dag.id,
  )
  await world.sql(`update dag_version set plan_id = $2 where dag_id = $1`, dag.id, plan!.id)
}

async function schedule(dag: TestDag, fires: number): Promise<number> {
  const now = await world.db.engine((tx) => tx.now())
  const id = await world.schedule(dag.task, {
    timing: { kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: now - fires * 1_000 },
    misfire: { policy: 'CATCH_UP', maxFires: 100, windowMs: 3_600_000, perMinute: 60_000 },
    nextFireAt: now - fires * 1_000,
  })
  await world.sql(`update schedule set target_kind = 'DAG', target_id = $2 where id = $1`, id, dag.id)
  return id
}

test('many runs that one caller asks for go a piece at a time, between which others have theirs', async () => {
  const [many, few, other] = [await dagOf(), await dagOf(15), await world.task()]
  // Whoever has to wait for a new connection comes last for that alone.
  await Promise.all([1, 2, 3, 4].map(() => world.db.engine((tx) => tx.now())))
  const done: string[] = []
  const ask = async (what: string, requests: readonly StartRequest[]) => {
    const answers = await lifecycle.startRuns(requests)
    done.push(what)
    return answers
  }
  const entry = audit(many.task.tenantId)
  const [answers] = await Promise.all([
    ask('many', Array(14).fill(request(many, NODES, { audit: entry }))),
    ask('few', [request(few, 15)]),
    ask('task', [{ ...request(many, 1), tenantId: other.tenantId, target: { kind: 'TASK', id: other.id } }]),
  ])
  expect(answers!.map((answer) => answer.kind)).toEqual(Array(14).fill('STARTED'))
  expect(done.at(-1)).toBe('many')
  expect(await runsOf(many)).toBe(14)
  expect(Math.max(...(await nodesByTransaction(many, few)))).toBeLessThanOrEqual(MOST)
  expect(await world.sql(`select 1 from audit where tenant_id = $1`, many.task.tenantId)).toHaveLength(1)
})

test('a single run may be of more nodes', async () => {
  const dag = await dagOf(MOST + 5)
  expect(await lifecycle.startRuns(Array(2).fill(request(dag, MOST + 5)))).toMatchObject([
    { kind: 'STARTED' },
    { kind: 'STARTED' },
  ])
  expect(await nodesByTransaction(dag)).toEqual([MOST + 5, MOST + 5])
})

test('more nodes than the caller knew of are taken apart all the same', async () => {
  const dag = await dagOf()
  const answers = await lifecycle.startRuns(Array(9).fill(request(dag, 1)))
  expect(answers.map((answer) => answer.kind)).toEqual(Array(9).fill('STARTED'))
  expect(Math.max(...(await nodesByTransaction(dag)))).toBeLessThanOrEqual(MOST)
})

test('runs that are repeated together', async () => {
  const dag = await dagOf()
  const runs = await Promise.all(Array.from({ length: 7 }, () => dag.start()))
  const entry = audit(dag.task.tenantId)
  await lifecycle.cancelRuns(dag.task.tenantId, runs, 'test', entry)
  const retried = await lifecycle.retryRuns(dag.task.tenantId, runs, 'test', entry)
  expect(retried.map((result) => result.kind)).toEqual(Array(7).fill('DONE'))
  expect(Math.max(...(await nodesByTransaction(dag)))).toBeLessThanOrEqual(MOST)
  expect(await world.sql(`select 1 from audit where tenant_id = $1`, dag.task.tenantId)).toHaveLength(2)
})

test('schedules that are due together, one of them often', async () => {
  const dags = await Promise.all(Array.from({ length: 6 }, () => dagOf()))
  for (const dag of dags) await schedule(dag, dag === dags[0] ? 12 : 0)
  for (let turns = 0; turns < 100 && (await fireSchedules(world.firing)) === 0; turns++);
  expect(await runsOf(dags[0]!)).toBeGreaterThanOrEqual(12)
  for (const dag of dags) expect(await runsOf(dag)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...(await nodesByTransaction(...dags)))).toBeLessThanOrEqual(MOST)
})

test('backfills of many tenants, each of which has its turn', async () => {
  const dags = await Promise.all(Array.from({ length: 6 }, () => dagOf()))
  for (const dag of dags) {
    const id = await schedule(dag, 0)
    await world.sql(`update schedule_due set next_fire_at = null, due_at = null where schedule_id = $1`, id)
    await world.sql(
      `insert into backfill (tenant_id, schedule_id, from_at, to_at, next_at, due_at, per_minute, created_by)
       select $1, $2, at, statement_timestamp(), at, statement_timestamp(), 600, 'test' from (select statement_timestamp() - interval '1 hour' as at) t`,
      dag.task.tenantId,
      id,
    )
  }
  await workOffBackfills(world.firing)
  for (const dag of dags) expect(await runsOf(dag)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...(await nodesByTransaction(...dags)))).toBeLessThanOrEqual(MOST)
})

test('nodes that are DAGs themselves', async () => {
  const part = await dagOf()
  const nodes = Array.from({ length: 9 }, (_, n) => ({ code: `n${n}`, dag: 'part' }))
  const dag = await createDag(world, part.task, { nodes, edges: [], parts: { part } })
  await dag.start()
  await continueRuns(world.engine)
  expect(await runsOf(part)).toBe(9)
  expect(Math.max(...(await nodesByTransaction(part)))).toBeLessThanOrEqual(MOST)
  expect(world.events).toEqual([])
})

test('runs that get their slots together begin in several transactions', async () => {
  const dag = await dagOf()
  const runs = await Promise.all(Array.from({ length: 9 }, () => dag.start()))
  await world.sql(
    `update instance_live set state = 'WAITING', wait_reason = 'SLOT', params = null where run_id = any($1::bigint[])`,
    runs,
  )
  for (const run of runs)
    await world.sql(
      `insert into outbox (tenant_id, kind, run_id, payload) values ($1, 'BEGIN_RUN', $2, '{}')`,
      dag.task.tenantId,
      run,
    )
  await continueRuns(world.engine)
  const nodes = await nodesByTransaction(dag)
  expect(nodes.reduce((sum, each) => sum + each)).toBe(9 * NODES)
  expect(Math.max(...nodes)).toBeLessThanOrEqual(MOST)
  expect(await world.sql(`select 1 from instance_live where run_id = any($1::bigint[]) and state <> 'PENDING'`, runs)).toEqual([])
})

test('a plan that cannot be read fails its own starts alone; the caller hears nothing of why, and people do', async () => {
  const [sound, bad] = [await dagOf(), await dagOf()]
  await spoilPlan(bad)
  const answers = await lifecycle.startRuns([request(sound, NODES), request(bad, NODES), request(sound, NODES)])
  expect(answers).toMatchObject([{ kind: 'STARTED' }, { kind: 'REFUSED', code: 'INTERNAL' }, { kind: 'STARTED' }])
  expect(answers[1]).toMatchObject({ detail: "The run could not be started. The server's log says why." })
  expect(world.events).toMatchObject([{ event: 'start.failed', details: { target: { id: bad.id }, error: expect.any(String) } }])
})

test('a schedule whose plan cannot be read keeps no other from firing', async () => {
  const [sound, bad] = [await dagOf(), await dagOf()]
  const ids = [await schedule(sound, 0), await schedule(bad, 0)]
  await spoilPlan(bad)
  await fireSchedules(world.firing)
  expect(await runsOf(sound)).toBe(1)
  expect(world.events).toMatchObject([{ event: 'schedule.quarantined', details: { scheduleId: ids[1] } }])
})
