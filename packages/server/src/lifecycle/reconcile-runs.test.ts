import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { createWorld, startOf, type TestTask, type World } from './engine.test-helper.ts'
import { newSweep, reconcileRuns } from './reconcile-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
afterEach(async () => {
  for (const table of ['run_live', 'instance_live', 'outbox']) await world.sql(`delete from ${table}`)
})

/** As if a transaction had left a run behind whose instances are gone. */
async function orphan(run: number): Promise<void> {
  await world.sql(`delete from instance_live where run_id = $1`, run)
  await world.sql(`update run_live set created_at = created_at - interval '2 minutes' where id = $1`, run)
}
const live = async (task: TestTask) => (await world.sql(`select 1 from run_live where target_id = $1`, task.id)).length

test('INV-10 a run without an instance ends FAILED, once it is old enough for that to be the truth', async () => {
  const task = await world.task()
  const [sound, young, lost] = [await world.start(task), await world.start(task), await world.start(task)]
  await world.sql(`delete from instance_live where run_id = $1`, young)
  await orphan(lost)
  await reconcileRuns(world.engine)
  expect(await world.run(lost)).toMatchObject({ run: 'FAILED', reason: 'ORPHANED' })
  expect(await world.run(sound)).toMatchObject({ run: 'PENDING' })
  expect(await world.run(young)).toMatchObject({ run: 'PENDING' })
  expect(world.events).toContainEqual({
    event: 'run.orphansEnded',
    details: { runs: [{ tenantId: task.tenantId, id: lost }] },
  })
})

test('INV-14 what hangs on the end of a run hangs on such an end too: its slot, what is downstream, the pause of its schedule', async () => {
  const downstream = await world.task()
  const task = await world.task({
    tenantId: downstream.tenantId,
    concurrency: { policy: 'SEQUENTIAL' },
    downstream: [{ taskId: downstream.id, outcomes: ['FAILED'] }],
  })
  const lost = await world.start(task, { scheduleId: 42, wakesSchedule: true })
  const next = await world.start(task)
  await orphan(lost)
  await reconcileRuns(world.engine)
  expect(await world.run(next)).toMatchObject({ instance: 'PENDING' })
  expect(await world.sql(`select 1 from schedule_wake where schedule_id = 42`)).toHaveLength(1)
  await continueRuns(world.engine)
  expect(await live(downstream)).toBe(1)
})

test('one look covers a part of what is live and the next goes on behind it, so that each costs the same', async () => {
  const task = await world.task()
  for (let n = 0; n < 5; n++) await world.startAll(Array.from({ length: 500 }, () => startOf(task)))
  const last = await world.start(task)
  await orphan(last)
  const sweep = newSweep()
  await reconcileRuns(world.engine, sweep)
  expect(await world.run(last)).toMatchObject({ run: 'PENDING' })
  await reconcileRuns(world.engine, sweep)
  expect(await world.run(last)).toMatchObject({ run: 'FAILED' })
  // Round again.
  const [first] = await world.sql<{ id: number }>(`select min(id) as id from run_live where target_id = $1`, task.id)
  await orphan(first!.id)
  await reconcileRuns(world.engine, sweep)
  expect(await world.run(first!.id)).toMatchObject({ run: 'FAILED' })
})
