import type { Bench, Measurement } from '../bench.ts'
import { createInBulk } from '../harness/bulk-schedules.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import { seen, until } from '../harness/pace.ts'
import { coreShare } from '../harness/usage.ts'

const COUNT = 1_000_000
const WATCHED_SECONDS = 30
const DAY_MS = 86_400_000

/** A million schedules with nothing due: what server and PostgreSQL use of a core together, and whether a new schedule fires on time. */
export const idleSchedules: Measurement = {
  name: 'idle-schedules',
  fullOnly: true,
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('idle')
    const watch = () => until(instant() + WATCHED_SECONDS * 1_000)
    await bench.postgres.settle()
    const without = await coreShare(bench, watch)
    const at = Math.ceil((instant() + DAY_MS / 2) / 1000) * 1000
    await createInBulk(bench.postgres, carillon, tenant, { prefix: 'idle', count: COUNT, at, timezone: 'UTC' })
    // What a million inserts leave to do (autovacuum, a checkpoint) is not idling.
    await bench.postgres.query(carillon.databaseUrl, 'vacuum analyze')
    await bench.postgres.settle()
    const share = await coreShare(bench, watch)
    const late = await latenessOfNew(bench, carillon, tenant)
    return {
      figures: { idleCorePercent: Number(share.toFixed(2)), newScheduleLateMs: Math.round(late) },
      findings: [
        {
          name: '1000000 idle schedules: server and PostgreSQL together',
          figure: `${share.toFixed(2)} % of a core`,
          target: { says: '< 3 %', met: share < 3 },
          note: `${without.toFixed(2)} % without them, over ${WATCHED_SECONDS} s each; schedules loaded by SQL; executors connected`,
        },
        {
          name: 'A new schedule among them, planned time to run created',
          figure: `${Math.round(late)} ms late`,
          target: { says: '≤ 250 ms', met: late <= 250 },
        },
      ],
    }
  },
}

async function latenessOfNew({ postgres }: Bench, { databaseUrl }: Carillon, { id, client }: Tenant): Promise<number> {
  const at = Math.round(instant()) + 2_000
  await client.schedules.create({ body: { code: 'newcomer', task: 'work', timing: { kind: 'ONCE', at } } })
  return seen('the run of the new schedule', 30, async () => {
    const [row] = await postgres.query<{ late: number }>(
      databaseUrl,
      `select (extract(epoch from r.created_at - r.fire_at) * 1000)::float8 as late
       from (select tenant_id, fire_at, created_at from run_live union all select tenant_id, fire_at, created_at from run_history) r
       where r.tenant_id = $1 and r.fire_at = at_ms($2)`,
      [id, at],
    )
    return row?.late ?? null
  })
}
