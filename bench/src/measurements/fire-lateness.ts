import type { Measurement } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import { until } from '../harness/pace.ts'
import type { Postgres } from '../harness/postgres.ts'
import { spreadOf } from '../harness/statistics.ts'

const SCHEDULES = 200
const EVERY_MS = 1_000
const WARM_UP_MS = 1_000

/**
 * From a planned time until its run was created, both by the database's clock: 200 fires a second of 200 schedules, half of them
 * spread over the second (FIXED_RATE), half of them all at its beginning (CRON).
 */
export const fireLateness: Measurement = {
  name: 'fire-lateness',
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('lateness')
    const codes = await createSchedules(tenant)
    const from = Math.ceil((instant() + WARM_UP_MS) / EVERY_MS) * EVERY_MS
    const seconds = bench.quick ? 2 : 30
    const to = from + seconds * EVERY_MS
    await until(to + EVERY_MS / 2)
    await tenant.client.schedules.bulk({ body: { schedules: codes, action: 'pause' } })
    const lateness = await latenessOf(bench.postgres, carillon, tenant, from, to)
    if (lateness.length !== SCHEDULES * seconds) throw new Error(`${lateness.length} of ${SCHEDULES * seconds} fires made a run.`)
    const spread = spreadOf(lateness)
    return {
      figures: { fireLatenessMs: spread },
      findings: [
        {
          name: 'Planned time to run created at 200 fires/s',
          figure: `p50 ${spread.p50} ms, p99 ${spread.p99} ms`,
          target: { says: 'p99 ≤ 250 ms', met: spread.p99 <= 250 },
          note: `${lateness.length} fires, half spread over each second, half at its beginning`,
        },
      ],
    }
  },
}

async function createSchedules({ client }: Tenant): Promise<string[]> {
  const codes = Array.from({ length: SCHEDULES }, (_, place) => `every-second-${place}`)
  const anchor = Math.floor(instant() / EVERY_MS) * EVERY_MS
  const create = (code: string, place: number) => {
    const timing =
      place % 2 === 0
        ? ({ kind: 'FIXED_RATE', everyMs: EVERY_MS, anchorAt: anchor + (place * EVERY_MS) / SCHEDULES } as const)
        : ({ kind: 'CRON', expression: '* * * * * ?', timezone: 'UTC' } as const)
    return client.schedules.create({ body: { code, task: 'work', timing } })
  }
  await Promise.all(codes.map(create))
  return codes
}

async function latenessOf(
  postgres: Postgres,
  { databaseUrl }: Carillon,
  { id }: Tenant,
  from: number,
  to: number,
): Promise<number[]> {
  const rows = await postgres.query<{ late: number }>(
    databaseUrl,
    `select (extract(epoch from r.created_at - r.fire_at) * 1000)::float8 as late
     from (select tenant_id, fire_at, created_at from run_live union all select tenant_id, fire_at, created_at from run_history) r
     where r.tenant_id = $1 and r.fire_at >= at_ms($2) and r.fire_at < at_ms($3)`,
    [id, from, to],
  )
  return rows.map((row) => row.late)
}
