import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectDueBackfills } from '../storage/backfill-due.ts'
import { continueRuns } from './continue-runs.ts'
import { createWorld, startOf, type TestTask, type World } from './engine.test-helper.ts'
import { promoteDue } from './overdue.ts'
import { workOffBackfills } from './work-off-backfills.ts'

// What is due is taken tenants in turn: however much one has, and however early it was due, another's is in the first batch.

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const liveOf = async (task: TestTask) => (await world.sql(`select 1 from run_live where target_id = $1`, task.id)).length

test('what ended runs leave to do', async () => {
  const [busy, quiet] = [await world.task(), await world.task()]
  const leave = (task: TestTask, count: number, sinceMs: number) =>
    world.sql(
      `insert into outbox (tenant_id, kind, run_id, payload, due_at)
       select $1, 'DOWNSTREAM', 1, $2::jsonb, statement_timestamp() - $4::int * interval '1 ms' from generate_series(1, $3)`,
      task.tenantId,
      JSON.stringify({ taskId: task.id, outcome: 'SUCCESS', depth: 1 }),
      count,
      sinceMs,
    )
  await leave(busy, 1_000, 60_000)
  await leave(quiet, 1, 0)
  expect(await continueRuns(world.engine)).toBe(0)
  expect(await liveOf(quiet)).toBe(1)
  expect(await liveOf(busy)).toBeGreaterThan(50)
})

test('retries whose pause is over, of as many tenants as fill a batch', async () => {
  const waitingFor = async (count: number, dueAgo: string) => {
    const task = await world.task()
    const started = await world.startAll(Array.from({ length: count }, () => startOf(task)))
    await world.sql(
      `update instance_live set state = 'WAITING', wait_reason = 'TIME', due_at = statement_timestamp() - $2::interval where id = any($1)`,
      started.map((each) => each.kind === 'STARTED' && each.runId),
      dueAgo,
    )
    return task
  }
  const pendingOf = async (task: TestTask) =>
    (await world.sql(`select 1 from instance_live where queue_id = $1 and state = 'PENDING'`, task.queueId)).length
  const busy = []
  for (let n = 0; n < 5; n++) busy.push(await waitingFor(150, '1 minute'))
  const quiet = await waitingFor(1, '1 second')
  await promoteDue(world.engine)
  expect(await pendingOf(quiet)).toBe(1)
  for (const task of busy) expect(await pendingOf(task)).toBeGreaterThan(50)
})

test('backfills, of as many tenants as a batch has places', async () => {
  const backfill = async (dueAgoMs: number) => {
    const task = await world.task()
    const schedule = await world.schedule(task, { timing: { kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: 0 }, nextFireAt: null })
    await world.sql(
      `insert into backfill (tenant_id, schedule_id, from_at, to_at, next_at, due_at, per_minute, created_by)
       select $1, $2, statement_timestamp() - interval '1 hour', statement_timestamp(), statement_timestamp() - interval '1 hour', statement_timestamp() - $3::int * interval '1 ms', 60, 'test' from generate_series(1, 30)`,
      task.tenantId,
      schedule,
      dueAgoMs,
    )
    return task
  }
  for (let n = 0; n < 25; n++) await backfill(10_000)
  const last = await backfill(20_000)
  expect(await world.db.engine((tx) => selectDueBackfills(tx, 20))).toContainEqual({
    tenantId: last.tenantId,
    id: expect.any(Number),
  })
  await workOffBackfills(world.firing)
  expect(await liveOf(last)).toBeGreaterThan(0)
})
