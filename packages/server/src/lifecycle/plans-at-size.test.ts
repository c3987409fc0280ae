import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renewSessions, selectPushApps } from '../storage/executor-session.ts'
import { selectOfGoneExecutors } from '../storage/instance.ts'
import { selectDueKinds } from '../storage/outbox.ts'
import { lastRepetitions, type RepeatableRun } from '../storage/run.ts'
import { continueRuns } from './continue-runs.ts'
import { createWorld, startOf, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

// How much a hot statement reads must follow from what it returns, whatever the planner believes about the size of the tables: they are
// empty, then hold 20,000 rows that no statistics know of, then are drained again within minutes.

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  // Autovacuum's workers read whole tables, and what they read is counted with the rest.
  const tables = ['instance_live', 'run_live', 'outbox', 'executor', 'executor_session']
  await asOwner(...tables.map((table) => `alter table ${table} set (autovacuum_enabled = false)`))
  task = await world.task()
  executor = await world.executor(task)
})
afterAll(() => world.close())

async function asOwner(...statements: readonly string[]): Promise<void> {
  const owner = new pg.Client({ connectionString: world.url })
  await owner.connect()
  for (const statement of statements) await owner.query(statement)
  await owner.end()
}

/** Blocks that `work` read in the hot tables (or in these) and their indexes. */
async function blocksRead(work: () => Promise<unknown>, tables = ['instance_live', 'run_live']): Promise<number> {
  const count = async () => {
    await world.sql(`select pg_stat_force_next_flush()`)
    const [row] = await world.sql<{ blocks: number }>(
      `select sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0))::int as blocks
       from pg_statio_user_tables where relname = any($1)`,
      tables,
    )
    return row!.blocks
  }
  // Each connection hands in its own numbers, and an idle one keeps them for seconds: all of both pools have a turn.
  const statement = { name: '', text: `select pg_stat_force_next_flush(), pg_sleep(0.02)` }
  const flush = () =>
    Promise.all(
      [world.db.engine, world.db.lease].flatMap((pool) => Array.from({ length: 4 }, () => pool((tx) => tx.query(statement, [])))),
    )
  await flush()
  const before = await count()
  await work()
  await flush()
  await flush()
  return (await count()) - before
}

const start = (count: number) => world.startAll(Array.from({ length: count }, () => startOf(task)))
const claimAndEnd = async (count: number) => {
  const assignments = await executor.claim(count)
  await executor.report(...assignments.map((assignment) => success(assignment)))
  return assignments.length
}
const MOST_BLOCKS_A_RUN = 90

describe('claiming and ending 100 runs reads a bounded number of blocks', () => {
  test('in tables that were always small', async () => {
    await start(200)
    expect(await blocksRead(() => claimAndEnd(100))).toBeLessThan(100 * MOST_BLOCKS_A_RUN)
  })

  test('with 20,000 runs queued that no statistics know of', async () => {
    for (let n = 0; n < 40; n++) await start(500)
    expect(await blocksRead(() => claimAndEnd(100))).toBeLessThan(100 * MOST_BLOCKS_A_RUN)
  })

  test('when the tables have just been drained', async () => {
    while ((await claimAndEnd(500)) > 0);
    await start(200)
    expect(await blocksRead(() => claimAndEnd(100))).toBeLessThan(100 * MOST_BLOCKS_A_RUN * 3)
  })
})

test('what is left to do is found among 20,000 entries whose time has not come, and looked for no further than there is need', async () => {
  const leave = (kind: string, count: number, inMs: number) =>
    world.sql(
      `insert into outbox (tenant_id, kind, run_id, payload, due_at)
       select $1, $2, 1, '{"instanceId": 1}', statement_timestamp() + $4::int * interval '1 ms' from generate_series(1, $3)`,
      task.tenantId,
      kind,
      count,
      inMs,
    )
  await leave('STOP_PART', 20_000, 3_600_000)
  await leave('STOP_PART', 1, -1_000)
  expect(await blocksRead(() => continueRuns(world.engine), ['outbox'])).toBeLessThan(50)
  expect(await world.sql(`select 1 from outbox where due_at < statement_timestamp()`)).toEqual([])

  await leave('BEGIN_RUN', 20_000, -1_000)
  expect(await blocksRead(() => world.db.engine(selectDueKinds), ['outbox'])).toBeLessThan(50)
})

test('some of 2,000 executors live on, and nodes ask which of them are called, whatever statistics say', async () => {
  const renew = (some: Parameters<typeof renewSessions>[1]) => world.db.engine((tx) => renewSessions(tx, some, 60_000))
  const ask = () => world.db.engine(selectPushApps)
  await asOwner('analyze executor, executor_session, app, tenant')
  // Each connection plans its statements when the first executors come, and keeps the plans.
  await Promise.all([1, 2, 3, 4].map(() => Promise.all([renew([{ tenantId: task.tenantId, session: executor.session }]), ask()])))
  const place = [task.tenantId, (await world.sql<{ id: number }>(`select id from app where code = $1`, task.appCode))[0]!.id]
  const sessions = await world.sql<{ id: number }>(
    `with added as (
       insert into executor (tenant_id, app_id, instance, mode, capacity)
       select $1, $2, 'one-of-many-' || n, 'PULL', 1 from generate_series(1, 2000) n returning id)
     insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until)
     select $1, id, $2, 1, statement_timestamp() from added returning id`,
    ...place,
  )
  const some = sessions.slice(0, 20).map(({ id }) => ({ tenantId: task.tenantId, session: id }))
  const tables = ['executor', 'executor_session']
  expect(await blocksRead(() => renew(some), tables)).toBeLessThan(20 * 30)
  expect(await blocksRead(ask, tables)).toBeLessThan(20)
})

test('shards whose executors have gone are looked for among 20,000 that wait, 2,000 executors and all their sessions of a day', async () => {
  const busy = await world.task()
  for (let n = 0; n < 40; n++) await world.startAll(Array.from({ length: 500 }, () => startOf(busy)))
  await world.sql(
    `with added as (
       insert into executor (tenant_id, app_id, instance, mode, capacity) select $1, $2, 'broadcast-' || n, 'PULL', 1 from generate_series(1, 2000) n
       returning id),
     open as (
       insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until) select $1, id, $2, 1, statement_timestamp() from added),
     ended as (
       insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until, started_at, ended_at, end_reason)
       select $1, id, $2, 1, t, t, t, 'LEFT' from added, generate_series(1, 10) n, lateral (select statement_timestamp() - n * interval '2 h' as t) at)
     insert into queue (app_tenant_id, app_id, handler, executor_id) select $1, $2, 'broadcast', id from added`,
    task.tenantId,
    task.appId,
  )
  const look = () => world.db.engine((tx) => selectOfGoneExecutors(tx, 300_000, 500))
  const tables = ['instance_live', 'queue', 'executor', 'executor_session']
  expect(await look()).toEqual([])
  expect(await blocksRead(look, tables)).toBeLessThan(60)

  // One shard of each executor waits; half of these have left.
  const [model] = await world.sql<{ id: number }>(`select id from instance_live where queue_id = $1 limit 1`, busy.queueId)
  await world.sql(
    `insert into instance_live (tenant_id, id, run_id, plan_id, state, queue_id, sort_key)
     select i.tenant_id, q.number, q.number, i.plan_id, 'PENDING', q.id, i.sort_key
     from instance_live i, (select id, nextval('carillon_id') as number from queue where handler = 'broadcast') q where i.id = $1`,
    model!.id,
  )
  expect(await look()).toEqual([])
  await asOwner(
    `set enable_nestloop = off`,
    `with away as (
       update executor set status = 'OFFLINE', status_set_at = statement_timestamp() - interval '10 min' where instance ~ '^broadcast-.*[02468]$' returning tenant_id, id)
     update executor_session s set ended_at = statement_timestamp() - interval '10 min', end_reason = 'LEFT'
     from away e where e.tenant_id = s.tenant_id and e.id = s.executor_id and s.ended_at is null`,
  )
  expect(await look()).toHaveLength(500)
  expect(await blocksRead(look, tables)).toBeLessThan(2_000 * 30)
})

test('a run starts, and one ends, beside 20,000 that wait for the same slot', async () => {
  const one = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
  const alone = await world.executor(one)
  const first = await world.start(one)
  for (let n = 0; n < 40; n++) await world.startAll(Array.from({ length: 500 }, () => startOf(one)))
  const [assignment] = await alone.claim()
  expect(assignment!.instance).toBe(first)
  expect(await blocksRead(() => world.start(one), ['run_live'])).toBeLessThan(60)
  expect(await blocksRead(() => alone.report(success(assignment!)), ['run_live'])).toBeLessThan(90)
  expect(await alone.claim()).toHaveLength(1)
})

test('which of 500 runs are being run again is read in one pass over 10,000 repetitions of their task', async () => {
  const one = await world.task()
  for (let n = 0; n < 20; n++) await world.startAll(Array.from({ length: 500 }, () => startOf(one)))
  await world.sql(`update run_live set origin = 'RETRY', parent_run_id = id - 1 where target_id = $1`, one.id)
  const wanted = await world.sql<RepeatableRun>(
    `select parent_run_id as id, target_id as "targetId" from run_live where target_id = $1 order by id limit 500`,
    one.id,
  )
  let found: Awaited<ReturnType<typeof lastRepetitions>> = []
  const look = async () => {
    found = await world.db.engine((tx) => lastRepetitions(tx, one.tenantId, wanted))
  }
  expect(await blocksRead(look, ['run_live'])).toBeLessThan(30_000)
  const ofRun = new Map(found.map(({ runId, live, ended }) => [runId, [live, ended]]))
  expect(wanted.map(({ id }) => ofRun.get(id))).toEqual(wanted.map(({ id }) => [id + 1, null]))
})
