import type { Bench, Measurement } from '../bench.ts'
import { createInBulk } from '../harness/bulk-schedules.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import { pace, seen, until } from '../harness/pace.ts'
import { percentile, tenths } from '../harness/statistics.ts'

const TIMEZONE = 'Europe/Berlin'
const TARGET_SECONDS = 15
const BYSTANDER_PER_SECOND = 10

/**
 * Many schedules of one tenant due in the same second, while another tenant triggers ten runs a second. Counted from the planned second
 * until the last run is there. Working them off is another measurement (throughput), so the herd's executor connects only then.
 */
export const herd: Measurement = {
  name: 'herd',
  async measure(bench) {
    const count = bench.quick ? 10_000 : 100_000
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('herd', { connected: false })
    const bystander = await carillon.tenant('bystander')
    const at = Math.ceil((instant() + (bench.quick ? 2_000 : 15_000)) / 1000) * 1000
    await createInBulk(bench.postgres, carillon, tenant, { prefix: 'herd', count, at, timezone: TIMEZONE })
    if (instant() > at - 500) throw new Error('The schedules were not there before they were due.')
    await until(at - 500)
    const watched = watchBystander(bystander)
    const seconds = await secondsUntilCreated(bench, carillon, tenant, at)
    const delay = await watched.end()
    await expectEachOnce(bench, carillon, tenant, at, count)
    if (!bench.quick) {
      await tenant.connect()
      await tenant.executor.until(count)
    }
    return {
      figures: { herdSeconds: tenths(seconds) },
      findings: [
        {
          name: `Herd: ${count} schedules due in one second, all runs created`,
          figure: `${tenths(seconds)} s`,
          target: { says: `≤ ${TARGET_SECONDS} s for 100000`, met: seconds <= TARGET_SECONDS },
          note: 'schedules loaded by SQL; none double, none lost',
        },
        {
          name: "Another tenant's trigger during the herd, to handler start",
          figure: `worst ${Math.round(delay)} ms`,
          target: { says: '< 1000 ms', met: delay < 1_000 },
        },
      ],
    }
  },
}

/** Triggers for another tenant until it is told to end; answers the longest way to a handler's start. */
function watchBystander({ client, executor }: Tenant): { end(): Promise<number> } {
  let over = false
  let triggered = 0
  const loop = async () => {
    while (!over) {
      triggered += await pace(BYSTANDER_PER_SECOND, 0.5, (wantedAt) =>
        client.runs.trigger({ params: { task: 'work' }, body: { params: { wantedAt } } }),
      )
    }
  }
  const looping = loop()
  looping.catch(() => undefined)
  return {
    async end() {
      over = true
      await looping
      await executor.until(triggered)
      return percentile(await executor.takeDelays(), 1)
    },
  }
}

async function secondsUntilCreated({ postgres }: Bench, { databaseUrl }: Carillon, { id }: Tenant, at: number): Promise<number> {
  await until(at)
  return seen('the last run of the herd', 120, async () => {
    const [row] = await postgres.query<{ left: boolean; ms: number }>(
      databaseUrl,
      `select exists (select from schedule_due where tenant_id = $1 and due_at <= at_ms($2)) as left,
              (extract(epoch from statement_timestamp() - at_ms($2)) * 1000)::float8 as ms`,
      [id, at],
    )
    return row!.left ? null : row!.ms / 1000
  })
}

async function expectEachOnce(
  { postgres }: Bench,
  { databaseUrl }: Carillon,
  { id }: Tenant,
  at: number,
  count: number,
): Promise<void> {
  const [row] = await postgres.query<{ fires: number; schedules: number; runs: number; runSchedules: number }>(
    databaseUrl,
    `with runs as (select schedule_id from run_live where tenant_id = $1 and fire_at = at_ms($2)
                   union all select schedule_id from run_history where tenant_id = $1 and fire_at = at_ms($2)),
          fires as (select schedule_id, run_id from fire where tenant_id = $1 and fire_at = at_ms($2) and run_id is not null)
     select (select count(distinct run_id) from fires)::int as fires, (select count(distinct schedule_id) from fires)::int as schedules,
            (select count(*) from runs)::int as runs, (select count(distinct schedule_id) from runs)::int as "runSchedules"`,
    [id, at],
  )
  const { fires, schedules, runs, runSchedules } = row!
  if (new Set([fires, schedules, runs, runSchedules, count]).size !== 1)
    throw new Error(`${count} schedules: ${fires} fires of ${schedules}, ${runs} runs of ${runSchedules}.`)
}
