import { afterAll, beforeAll, expect, test } from 'vitest'
import { dayOf } from '../storage/history-day.ts'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { workOffBackfills } from './work-off-backfills.ts'

let world: World
let task: TestTask
beforeAll(async () => {
  world = await createWorld()
  task = await world.task()
})
afterAll(() => world.close())

const HOUR_MS = 3_600_000
const LONG_AGO = Date.UTC(2020, 0, 10)

const backfill = async (schedule: number, fromAt: number, toAt: number) => {
  const [row] = await world.sql<{ id: number }>(
    `insert into backfill (tenant_id, schedule_id, from_at, to_at, next_at, due_at, per_minute, created_by)
     values ($1, $2, at_ms($3), at_ms($4), at_ms($3), statement_timestamp(), 100000, 'test') returning id`,
    task.tenantId,
    schedule,
    fromAt,
    toAt,
  )
  return row!.id
}
const stateOf = async (id: number) =>
  (await world.sql<{ state: string; runs: number }>(`select state, runs from backfill where id = $1`, id))[0]
const hourly = () =>
  world.schedule(task, { timing: { kind: 'FIXED_RATE', everyMs: HOUR_MS, anchorAt: LONG_AGO }, nextFireAt: null })
const ledgerDays = async () =>
  (
    await world.sql<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relname like 'fire_2020%' order by 1`,
    )
  ).map((row) => row.name)

test('a day of the ledger is not dropped while a backfill has yet to decide occurrences of it', async () => {
  const id = await backfill(await hourly(), LONG_AGO + HOUR_MS, LONG_AGO + 5 * HOUR_MS)
  await world.db.engine((tx) => tx.query({ name: '', text: `select open_day('fire', '2020-01-10')` }))
  expect(await world.firing.days.dropOlderThan('fire', 30, 10)).toBe(0)
  await workOffBackfills(world.firing)
  expect(await stateOf(id)).toEqual({ state: 'DONE', runs: 4 })
  expect(await world.firing.days.dropOlderThan('fire', 30, 10)).toBe(1)
  expect(await ledgerDays()).toEqual([])
})

test('a backfill over a day that another node has dropped meanwhile opens it again', async () => {
  const schedule = await hourly()
  await backfill(schedule, LONG_AGO + HOUR_MS, LONG_AGO + 3 * HOUR_MS)
  await workOffBackfills(world.firing)
  const other = world.secondNode()
  expect(await other.firing.days.dropOlderThan('fire', 30, 10)).toBe(1)
  const second = await backfill(schedule, LONG_AGO + 5 * HOUR_MS, LONG_AGO + 7 * HOUR_MS)
  await workOffBackfills(world.firing)
  expect(await stateOf(second)).toEqual({ state: 'DONE', runs: 2 })
  expect(await ledgerDays()).toEqual([`fire_${dayOf(LONG_AGO).replaceAll('-', '')}`])
  await other.close()
})

test('two nodes open the same days at once, each without a fault', async () => {
  const other = world.secondNode()
  const days = Array.from({ length: 60 }, (_, day) => dayOf(Date.UTC(2019, 0, 1 + day)))
  const opened = await Promise.allSettled(
    [world, other].map(({ firing }) => firing.days.withFireDays(async (requireDays) => requireDays(days))),
  )
  expect(opened.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  const [row] = await world.sql<{ count: number }>(
    `select count(*)::int as count from pg_class where relname like 'fire_2019%' and relkind = 'r'`,
  )
  expect(row).toEqual({ count: days.length })
  await other.close()
})
