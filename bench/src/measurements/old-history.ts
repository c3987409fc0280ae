import type { Bench, Measurement } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import { median } from '../harness/statistics.ts'

const INSTANCES = 20_000_000
const DAYS = 20
const LISTS = 100
const BURSTS = 5
const BURST = 4_000
const ALLOWED = 1.5

/** Whether claiming and listing are as fast over 20 million ended instances as over none: both before and after, in this order. */
export const oldHistory: Measurement = {
  name: 'old-history',
  fullOnly: true,
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('history')
    await timesOf(bench, tenant) // warms up
    const empty = await timesOf(bench, tenant)
    await fillHistory(bench, carillon, tenant)
    await timesOf(bench, tenant)
    const full = await timesOf(bench, tenant)
    const finding = (name: string, before: number, after: number) => ({
      name,
      figure: `${(after / before).toFixed(2)} × (${before.toFixed(1)} → ${after.toFixed(1)} ms)`,
      target: { says: `≤ ${ALLOWED} ×`, met: after / before <= ALLOWED },
    })
    return {
      figures: {
        historyClaimRatio: Number((full.burst / empty.burst).toFixed(2)),
        historyListRatio: Number((full.list / empty.list).toFixed(2)),
      },
      findings: [
        finding(`${BURST} runs end to end with 20 M old instances`, empty.burst, full.burst),
        finding('A page of runs, and one of instances, with 20 M old instances', empty.list, full.list),
      ],
    }
  },
}

async function timesOf(bench: Bench, tenant: Tenant): Promise<{ burst: number; list: number }> {
  const bursts: number[] = []
  for (let each = 0; each < BURSTS; each++) bursts.push(await burst(tenant))
  const lists: number[] = []
  for (let each = 0; each < LISTS; each++) {
    const begun = performance.now()
    await tenant.client.runs.list({ query: { task: 'work', limit: 20 } })
    await tenant.client.instances.list({ query: { limit: 20 } })
    lists.push(performance.now() - begun)
  }
  bench.progress(`  ${BURST} runs in ${Math.round(median(bursts))} ms, two lists in ${median(lists).toFixed(1)} ms`)
  return { burst: median(bursts), list: median(lists) }
}

async function burst({ client, executor }: Tenant): Promise<number> {
  const before = await executor.ended()
  const begun = instant()
  for (let from = 0; from < BURST; from += 500) {
    const items = Array.from({ length: 500 }, (_, place) => ({ task: 'work', params: { n: from + place } }))
    await client.runs.triggerMany({ body: { items } })
  }
  return (await executor.until(before + BURST)).at - begun
}

/** Ended runs and instances of the last days, in the shape in which the server leaves them, a day a statement. */
async function fillHistory({ postgres, progress }: Bench, { databaseUrl }: Carillon, { id }: Tenant): Promise<void> {
  for (let ago = DAYS; ago > 0; ago--) {
    const day = `(statement_timestamp() at time zone 'UTC')::date - ${ago}`
    for (const table of ['run_history', 'instance_history'])
      await postgres.query(databaseUrl, `select open_day('${table}', ${day})`)
    const ids = `select ((${day} - date '1970-01-01')::bigint << 37) + n as id, (${day} + n * interval '5 ms') at time zone 'UTC' as at
                 from generate_series(1, ${INSTANCES / DAYS}) n`
    await postgres.query(databaseUrl, COPY_RUNS.replace('IDS', ids), [id])
    await postgres.query(databaseUrl, COPY_INSTANCES.replace('IDS', ids), [id])
    progress(`  history of ${ago} days ago is there`)
  }
  await postgres.query(databaseUrl, 'vacuum analyze run_history, instance_history')
  await postgres.settle()
}

// A finished run and its instance are the model of all others.
const COPY_RUNS = `
  insert into run_history (tenant_id, id, target_kind, target_id, plan_id, state, reason, origin, started_by, params, priority, admitted, wakes_schedule,
                           instances, created_at, started_at, ended_at)
  select h.tenant_id, i.id, h.target_kind, h.target_id, h.plan_id, h.state, h.reason, h.origin, h.started_by, h.params, h.priority, h.admitted,
         h.wakes_schedule, h.instances, i.at, i.at, i.at
  from (select * from run_history where tenant_id = $1 order by id limit 1) h, (IDS) i`
const COPY_INSTANCES = `
  insert into instance_history (tenant_id, id, run_id, plan_id, node, state, queue_id, sort_key, attempt, token, session_id, executor_id, reserved_at,
                                started_at, output, created_at, ended_at)
  select h.tenant_id, i.id, i.id, h.plan_id, h.node, h.state, h.queue_id, h.sort_key, h.attempt, h.token, h.session_id, h.executor_id, i.at,
         i.at, h.output, i.at, i.at
  from (select * from instance_history where tenant_id = $1 order by id limit 1) h, (IDS) i`
