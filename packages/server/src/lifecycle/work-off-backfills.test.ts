import type { ScheduleTiming } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, type World } from './engine.test-helper.ts'
import { workOffBackfills } from './work-off-backfills.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

async function backfill(timing: ScheduleTiming) {
  const task = await world.task()
  const schedule = await world.schedule(task, { timing, nextFireAt: null })
  await world.sql(
    `insert into backfill (tenant_id, schedule_id, from_at, to_at, next_at, due_at, per_minute, created_by)
     select $1, $2, at, statement_timestamp(), at, statement_timestamp(), 60, 'test' from (select statement_timestamp() - interval '1 hour' as at) t`,
    task.tenantId,
    schedule,
  )
  return {
    state: async () =>
      (await world.sql<{ state: string }>(`select state from backfill where schedule_id = $1`, schedule))[0]!.state,
    runs: async () => (await world.sql(`select 1 from run_live where target_id = $1`, task.id)).length,
  }
}

test('a schedule that does not compile any more ends its backfill, and keeps no other from moving', async () => {
  const broken = await backfill({ kind: 'CRON', expression: 'never', timezone: 'UTC', dst: 'DEFAULT' })
  const sound = await backfill({ kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: 0 })
  await workOffBackfills(world.firing)
  expect(await broken.state()).toBe('CANCELLED')
  expect(world.events).toContainEqual({
    event: 'backfill.failed',
    details: expect.objectContaining({ error: expect.stringContaining('does not compile') }),
  })
  expect(await sound.runs()).toBe(1)
})
