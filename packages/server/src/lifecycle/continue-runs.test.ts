import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
afterEach(() => world.sql(`delete from outbox`))

/** Ends that are written down as waiting to start a downstream task, `count` of them. */
const leave = (
  task: TestTask,
  count: number,
  sinceMs = 0,
  payload: unknown = { taskId: task.id, outcome: 'SUCCESS', depth: 1 },
) =>
  world.sql(
    `insert into outbox (tenant_id, kind, run_id, payload, due_at)
     select $1, 'DOWNSTREAM', 1, $2::jsonb, statement_timestamp() - $4::int * interval '1 ms' from generate_series(1, $3)`,
    task.tenantId,
    JSON.stringify(payload),
    count,
    sinceMs,
  )
const startedOf = async (task: TestTask) => (await world.sql(`select 1 from run_live where target_id = $1`, task.id)).length
const leftOf = (task: TestTask) =>
  world.sql<{ tries: number; inMs: number; error: string | null }>(
    `select tries, (extract(epoch from due_at - statement_timestamp()) * 1000)::int as "inMs", error from outbox where tenant_id = $1`,
    task.tenantId,
  )

test.each([
  ['the database refuses', { taskId: 'no number', outcome: 'SUCCESS', depth: 1 }],
  ['nobody understands', null],
])('what %s is put off, later each time, and keeps nothing beside it from being done', async (_why, payload) => {
  const [broken, sound] = [await world.task(), await world.task()]
  await leave(broken, 1, 60_000, payload)
  await leave(sound, 20)
  await continueRuns(world.engine)
  expect(await startedOf(sound)).toBe(20)
  const [first] = await leftOf(broken)
  expect(first).toMatchObject({ tries: 1, error: expect.any(String) })
  expect(first!.inMs).toBeGreaterThan(500)
  expect(world.events).toContainEqual({
    event: 'outbox.postponed',
    details: expect.objectContaining({ tenantId: broken.tenantId }),
  })

  // Nothing is due: the loop rests.
  expect(await continueRuns(world.engine, 1_234)).toBe(1_234)

  await world.sql(`update outbox set due_at = statement_timestamp() where tenant_id = $1`, broken.tenantId)
  await continueRuns(world.engine)
  const [second] = await leftOf(broken)
  expect(second!.tries).toBe(2)
  expect(second!.inMs).toBeGreaterThan(first!.inMs)
})
