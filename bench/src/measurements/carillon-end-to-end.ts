import type { Bench } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import type { Contestant } from '../harness/rounds.ts'

const CLIENTS = 4
const BATCH = 250

/**
 * Carillon's whole way: four clients trigger over HTTP, 250 runs a request, while an executor in another process claims over HTTP, runs
 * a trivial handler and reports. Counted from the first request until the server has acknowledged the last result; every run stands in
 * history with its result.
 */
export async function carillonEndToEnd(bench: Bench): Promise<Contestant> {
  const carillon = await bench.carillon()
  return endToEnd(bench, carillon, await carillon.tenant('throughput'), 9_000)
}

/** The same way for any tenant, however its executor comes to its work. */
export function endToEnd({ postgres }: Bench, carillon: Carillon, tenant: Tenant, warmUp: number): Contestant {
  return {
    warmUp,
    async round(count) {
      const before = await tenant.executor.ended()
      const finished = tenant.executor.until(before + count)
      let next = 0
      const client = async () => {
        while (next < count) {
          const from = next
          next = Math.min(count, next + BATCH)
          const items = Array.from({ length: next - from }, (_, place) => ({ task: 'work', params: { n: from + place } }))
          const { failed } = await tenant.client.runs.triggerMany({ body: { items } })
          if (failed > 0) throw new Error(`${failed} of ${items.length} triggers were refused.`)
        }
      }
      const begun = instant()
      await Promise.all([finished, ...Array.from({ length: CLIENTS }, client)])
      const took = (await finished).at - begun
      await expectInHistory(before + count)
      return took
    },
  }

  async function expectInHistory(count: number): Promise<void> {
    const [row] = await postgres.query<{ kept: number }>(
      carillon.databaseUrl,
      `select count(*)::int as kept from run_history r join instance_history i on i.tenant_id = r.tenant_id and i.id = r.id
       where r.tenant_id = $1 and r.state = 'SUCCESS' and i.output is not null`,
      [tenant.id],
    )
    if (row!.kept !== count) throw new Error(`History holds ${row!.kept} results of ${count}.`)
  }
}
