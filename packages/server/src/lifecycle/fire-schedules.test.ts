import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consumeScheduleWakes } from './consume-wakes.ts'
import { createWorld, startOf, success, type World } from './engine.test-helper.ts'
import { fireBatch, fireSchedules } from './fire-schedules.ts'

let world: World
let now: number
beforeAll(async () => {
  world = await createWorld()
  now = await world.db.engine((tx) => tx.now())
})
afterAll(() => world.close())

const MINUTE = 60_000
const everyMs = (ms: number, anchorAt = 0) => ({ kind: 'FIXED_RATE' as const, everyMs: ms, anchorAt })
const runsOf = (scheduleId: number) =>
  world.sql<{ id: number; fireAt: number }>(
    `select id, fire_at as "fireAt" from (select * from run_live union all select * from run_history) r where schedule_id = $1 order by fire_at`,
    scheduleId,
  )
/** Fires until nothing is due. */
const fireAll = async () => {
  while ((await fireSchedules(world.firing)) === 0);
}

describe('firing', () => {
  test('a due occurrence becomes one run and one row of the ledger, and the high-water mark moves on', async () => {
    const task = await world.task()
    const fireAt = now - 1_000
    const schedule = await world.schedule(task, { timing: everyMs(3_600_000, fireAt), nextFireAt: fireAt })
    await fireAll()
    const runs = await runsOf(schedule)
    expect(runs).toHaveLength(1)
    expect(await world.ledger(schedule)).toEqual([
      { fireAt, lastFireAt: fireAt, count: 1, outcome: 'RUN', reason: 'ON_TIME', runId: runs[0]!.id },
    ])
    const [due] = await world.sql(
      `select next_fire_at as next, decided_until as decided, last_fire_at as last from schedule_due where schedule_id = $1`,
      schedule,
    )
    expect(due).toEqual({ next: fireAt + 3_600_000, decided: fireAt, last: fireAt })
  })

  test('INV-1 two nodes that fire the same 300 schedules at the same time create each run once', async () => {
    const task = await world.task()
    const schedules: number[] = []
    for (let place = 0; place < 300; place++) {
      schedules.push(await world.schedule(task, { timing: everyMs(86_400_000, now - 500), nextFireAt: now - 500 }))
    }
    const other = world.secondNode()
    const keys = schedules.map((scheduleId) => ({ tenantId: task.tenantId, scheduleId }))
    await Promise.all([
      fireBatch(world.firing, keys),
      fireBatch(other.firing, keys),
      fireBatch(world.firing, keys),
      fireBatch(other.firing, keys),
    ])
    await other.close()
    const counts = await world.sql<{ runs: number; distinct: number; fires: number }>(
      `select count(*)::int as runs, count(distinct schedule_id)::int as distinct, (select count(*)::int from fire where schedule_id = any($1)) as fires
       from run_live where schedule_id = any($1)`,
      schedules,
    )
    expect(counts).toEqual([{ runs: 300, distinct: 300, fires: 300 }])
  })

  test('INV-1 the key of the ledger refuses a second decision even to someone who forgot the lock', async () => {
    const task = await world.task()
    const schedule = await world.schedule(task, { timing: everyMs(86_400_000, now - 500), nextFireAt: now - 500 })
    await fireAll()
    await expect(
      world.sql(
        `insert into fire (tenant_id, schedule_id, fire_at, last_fire_at, outcome, reason, run_id, decided_at) values ($1, $2, at_ms($3), at_ms($3), 'RUN', 'x', 1, now())`,
        task.tenantId,
        schedule,
        now - 500,
      ),
    ).rejects.toMatchObject({ code: '23505' })
  })

  test('INV-1 a mark that was set back by hand fires nothing twice, and people are told', async () => {
    const task = await world.task()
    const schedule = await world.schedule(task, { timing: everyMs(86_400_000, now - 500), nextFireAt: now - 500 })
    await fireAll()
    await world.sql(
      `update schedule_due set next_fire_at = at_ms($2), due_at = at_ms($2) where schedule_id = $1`,
      schedule,
      now - 500,
    )
    await fireAll()
    expect(await runsOf(schedule)).toHaveLength(1)
    expect(world.events.map((each) => each.event)).toContain('fire.alreadyDecided')
  })

  test('INV-2 every occurrence of a lagging second-by-second schedule is decided: no gap, no repetition', async () => {
    const task = await world.task()
    const first = Math.floor(now / 1_000) * 1_000 - 30_000
    const schedule = await world.schedule(task, {
      timing: { kind: 'CRON', expression: '* * * * * ?', timezone: 'UTC', dst: 'DEFAULT' },
      nextFireAt: first,
    })
    await fireAll()
    const [due] = await world.sql<{ next: number }>(
      `select next_fire_at as next from schedule_due where schedule_id = $1`,
      schedule,
    )
    const expected = Array.from({ length: (due!.next - first) / 1_000 }, (_, second) => first + second * 1_000)
    expect((await world.ledger(schedule)).map((row) => row.fireAt)).toEqual(expected)
    expect((await runsOf(schedule)).map((run) => run.fireAt)).toEqual(expected)
    await world.sql(`update schedule_due set next_fire_at = null, due_at = null where schedule_id = $1`, schedule)
  })

  test.each([
    ['SKIP', { policy: 'SKIP' as const }, 0],
    ['FIRE_ONCE', { policy: 'FIRE_ONCE' as const }, 1],
    ['CATCH_UP of at most 5', { policy: 'CATCH_UP' as const, maxFires: 5, windowMs: 600 * MINUTE, perMinute: 60_000 }, 5],
  ])('INV-3 after an outage of 100 minutes, %s does exactly what it says', async (_name, misfire, runs) => {
    const task = await world.task()
    const first = now - 100 * MINUTE
    const schedule = await world.schedule(task, { timing: everyMs(MINUTE, first), misfire, nextFireAt: first })
    await fireAll()
    const ledger = await world.ledger(schedule)
    const decided = ledger.reduce((sum, row) => sum + row.count, 0)
    expect(ledger.filter((row) => row.runId !== null)).toHaveLength(runs)
    expect(decided).toBeGreaterThanOrEqual(100)
    expect(ledger.filter((row) => row.outcome === 'MISSED')).toHaveLength(1)
    expect(await runsOf(schedule)).toHaveLength(runs)
  })

  test('INV-12 a database clock that jumps back by ten minutes fires nothing twice, and goes on when time has caught up', async () => {
    const task = await world.task()
    const schedule = await world.schedule(task, { timing: everyMs(MINUTE, now + 9 * MINUTE), nextFireAt: now + 9 * MINUTE })
    // As if the clock had been ahead: what was decided then lies in the future now.
    await world.sql(`update schedule_due set decided_until = at_ms($2) where schedule_id = $1`, schedule, now + 8 * MINUTE)
    await fireAll()
    expect(await world.ledger(schedule)).toEqual([])
  })

  test.each([
    ['SKIP', { policy: 'SKIP' as const }, 0],
    ['FIRE_ONCE', { policy: 'FIRE_ONCE' as const }, 1],
    ['CATCH_UP of at most 5', { policy: 'CATCH_UP' as const, maxFires: 5, windowMs: 600 * MINUTE, perMinute: 60_000 }, 5],
    ['CATCH_UP of three hours', { policy: 'CATCH_UP' as const, maxFires: 100, windowMs: 180 * MINUTE, perMinute: 60_000 }, 3],
  ])(
    'INV-12 a database clock that is 400 days ahead of the mark: two nodes decide each hour once, and %s allows what it says',
    async (_, misfire, runs) => {
      const task = await world.task()
      const HOUR = 60 * MINUTE
      const first = Math.floor(now / HOUR) * HOUR - 400 * 24 * HOUR
      const schedule = await world.schedule(task, {
        timing: { kind: 'CRON', expression: '0 0 * * * ?', timezone: 'UTC', dst: 'DEFAULT' },
        misfire,
        nextFireAt: first,
      })
      const other = world.secondNode()
      const fireBy = async (firing: typeof world.firing) => {
        while ((await fireSchedules(firing)) < 1_000);
      }
      await Promise.all([fireBy(world.firing), fireBy(other.firing)])
      await other.close()
      const ledger = await world.ledger(schedule)
      const ran = ledger.filter((row) => row.runId !== null)
      expect(ran).toHaveLength(runs)
      expect((await runsOf(schedule)).map((run) => run.fireAt)).toEqual(ran.map((row) => row.fireAt))
      // From the mark on, each row goes on where the one before has ended.
      const [due] = await world.sql<{ next: number }>(
        `select next_fire_at as next from schedule_due where schedule_id = $1`,
        schedule,
      )
      expect(ledger.map((row) => row.fireAt)).toEqual([first, ...ledger.slice(0, -1).map((row) => row.lastFireAt + HOUR)])
      expect(ledger.at(-1)!.lastFireAt + HOUR).toBe(due!.next)
      expect(ledger.reduce((sum, row) => sum + row.count, 0)).toBe((due!.next - first) / HOUR)
      expect(due!.next).toBeGreaterThan(now)
    },
  )

  test('a paused schedule says so in one row with first, last and count', async () => {
    const task = await world.task()
    const first = now - 30_000
    const schedule = await world.schedule(task, { timing: everyMs(10_000, first), nextFireAt: first, paused: true })
    await fireAll()
    const before = await world.ledger(schedule)
    expect(before).toMatchObject([{ fireAt: first, outcome: 'SKIPPED', reason: 'PAUSED', runId: null }])
    expect(before[0]!.count).toBeGreaterThanOrEqual(3)
  })

  test('a disabled task skips the fires of its schedules, and the ledger says so', async () => {
    const task = await world.task()
    await world.sql(`update task set enabled = false where id = $1`, task.id)
    const schedule = await world.schedule(task, { timing: everyMs(86_400_000, now - 500), nextFireAt: now - 500 })
    await fireAll()
    expect(await world.ledger(schedule)).toMatchObject([{ outcome: 'SKIPPED', reason: 'DISABLED', runId: null }])
  })

  test('a fire that the concurrency policy leaves out is SKIPPED in the ledger, with the run that says which run held it', async () => {
    const task = await world.task({ concurrency: { policy: 'SINGLETON' } })
    const holder = await world.start(task)
    const schedule = await world.schedule(task, { timing: everyMs(86_400_000, now - 500), nextFireAt: now - 500 })
    await fireAll()
    const [row] = await world.ledger(schedule)
    expect(row).toMatchObject({ outcome: 'SKIPPED', reason: 'CONCURRENCY' })
    expect(await world.run(row!.runId!)).toMatchObject({ run: 'SKIPPED', reason: `CONCURRENCY:${holder}` })
  })

  test('a fixed delay is counted from the end of the run', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const schedule = await world.schedule(task, { timing: { kind: 'FIXED_DELAY', delayMs: 5_000 }, nextFireAt: now - 500 })
    await fireAll()
    const next = async () =>
      (
        await world.sql<{ next: number | null }>(`select next_fire_at as next from schedule_due where schedule_id = $1`, schedule)
      )[0]!.next
    expect(await next()).toBeNull()
    const [assignment] = await executor.claim()
    await executor.report(success(assignment!))
    const [run] = await world.sql<{ ended: number }>(`select ended_at as ended from run_history where schedule_id = $1`, schedule)
    await consumeScheduleWakes(world.firing)
    expect(await next()).toBe(run!.ended + 5_000)
  })

  test('a fixed delay whose fire starts no run goes on all the same', async () => {
    const task = await world.task({ concurrency: { policy: 'SINGLETON' } })
    await world.start(task)
    const schedule = await world.schedule(task, { timing: { kind: 'FIXED_DELAY', delayMs: 5_000 }, nextFireAt: now - 500 })
    await fireAll()
    const [due] = await world.sql<{ next: number | null }>(
      `select next_fire_at as next from schedule_due where schedule_id = $1`,
      schedule,
    )
    expect(due!.next).toBeGreaterThan(now)
  })

  test('one schedule that cannot be decided is put aside; the others of its batch fire', async () => {
    const task = await world.task()
    const sick = await world.schedule(task, { timing: everyMs(86_400_000, now - 900), nextFireAt: now - 900 })
    const well = await world.schedule(task, { timing: everyMs(86_400_000, now - 800), nextFireAt: now - 800 })
    await world.sql(
      `update schedule set timing = '{"kind": "CRON", "expression": "no", "timezone": "UTC", "dst": "DEFAULT"}' where id = $1`,
      sick,
    )
    await fireAll()
    expect(await runsOf(well)).toHaveLength(1)
    expect(await runsOf(sick)).toHaveLength(0)
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'schedule.quarantined' }))
  })

  test('tenants fire in turn: one schedule of a small tenant does not wait for a thousand of a large one', async () => {
    const large = await world.task()
    const small = await world.task()
    await world.sql(
      `with s as (insert into schedule (tenant_id, code, target_kind, target_id, timing) select $1, 'herd-' || n, 'TASK', $2, $3::jsonb from generate_series(1, 1500) n returning id)
       insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) select $1, id, at_ms($4), at_ms($4) from s`,
      large.tenantId,
      large.id,
      JSON.stringify(everyMs(86_400_000, now - 5_000)),
      now - 5_000,
    )
    const late = await world.schedule(small, { timing: everyMs(86_400_000, now - 100), nextFireAt: now - 100 })
    await fireSchedules(world.firing)
    expect(await runsOf(late)).toHaveLength(1)
    await fireAll()
  })
})

test('a start for a task that does not exist is refused by itself', async () => {
  const task = await world.task()
  const results = await world.startAll([startOf(task), { ...startOf(task), target: { kind: 'TASK', id: 1 } }, startOf(task)])
  expect(results.map((result) => result.kind)).toEqual(['STARTED', 'REFUSED', 'STARTED'])
})

test('INV-3 after days of outage a thousand schedules are decided in turns that hold their rows for a moment each', async () => {
  const task = await world.task()
  const first = now - 4 * 86_400_000
  await world.sql(
    `with s as (insert into schedule (tenant_id, code, target_kind, target_id, timing) select $1, 'outage-' || n, 'TASK', $2, $3::jsonb from generate_series(1, 1000) n returning id)
     insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) select $1, id, at_ms($4), at_ms($4) from s`,
    task.tenantId,
    task.id,
    JSON.stringify({ kind: 'CRON', expression: '0 * * * * ?', timezone: 'Europe/Berlin', dst: 'DEFAULT' }),
    Math.ceil(first / MINUTE) * MINUTE,
  )
  await fireAll()
  const [row] = await world.sql<{ late: number; undecided: number }>(
    `select (select count(*)::int from run_live where target_id = $1) as late,
            (select count(*)::int from schedule_due d join schedule s on s.id = d.schedule_id where s.target_id = $1 and d.due_at < at_ms($2)) as undecided`,
    task.id,
    now,
  )
  expect(row!.late).toBeGreaterThanOrEqual(1_000)
  expect(row!.undecided).toBe(0)
}, 120_000)
