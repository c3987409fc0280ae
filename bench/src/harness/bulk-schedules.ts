import type { Carillon, Tenant } from './carillon.ts'
import type { Postgres } from './postgres.ts'

/** Schedules that all fall due at one instant, once a day at that local time. */
export interface BulkSchedules {
  readonly prefix: string
  readonly count: number
  readonly at: number
  readonly timezone: string
}

/**
 * Creates many schedules of a tenant's task at once, by SQL: the rows that the API would write to `schedule` and `schedule_due`, without
 * their revisions and audit rows. 100,000 calls would measure the API's patience instead.
 */
export async function createInBulk(
  postgres: Postgres,
  { databaseUrl }: Carillon,
  tenant: Tenant,
  schedules: BulkSchedules,
): Promise<void> {
  const { prefix, count, at, timezone } = schedules
  const timing = { kind: 'CRON', expression: dailyAt(at, timezone), timezone, dst: 'DEFAULT' }
  await postgres.query(
    databaseUrl,
    `with made as (
       insert into schedule (tenant_id, code, target_kind, target_id, timing)
       select $1, $2 || '-' || n, 'TASK', $3, $4 from generate_series(1, $5::int) n returning tenant_id, id)
     insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) select tenant_id, id, at_ms($6), at_ms($6) from made`,
    [tenant.id, prefix, tenant.taskId, JSON.stringify(timing), count, at],
  )
  // As autovacuum would have by the time that so many had been created one by one.
  await postgres.query(databaseUrl, 'analyze schedule')
  await postgres.query(databaseUrl, 'analyze schedule_due')
}

/** The Quartz expression for the local time of an instant, every day. */
function dailyAt(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  const part = (type: string) => Number(format.formatToParts(at).find((each) => each.type === type)!.value)
  return `${part('second')} ${part('minute')} ${part('hour')} * * ?`
}
