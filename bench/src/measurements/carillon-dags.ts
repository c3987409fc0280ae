import type { Bench } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import type { Contestant } from '../harness/rounds.ts'
import { CHAIN, FAN, GRAPHS_AT_ONCE, type GraphContestants } from './graphs.ts'

type Definition = NonNullable<NonNullable<Parameters<Tenant['client']['dagVersions']['create']>[0]['body']>['definition']>

/** Carillon's DAGs: triggered over HTTP, every node dispatched to an executor in another process, every node kept in history. */
export async function carillonDags({ postgres, carillon: start }: Bench): Promise<GraphContestants> {
  const carillon = await start()
  const tenant = await carillon.tenant('graphs')
  await createDag(tenant, 'chain', layers(CHAIN, 1, 1))
  await createDag(tenant, 'fan', fanOut())
  return { chain: contestant('chain', CHAIN), fan: contestant('fan', FAN) }

  function contestant(dag: string, steps: number): Contestant {
    return {
      warmUp: 2_000,
      async round(count) {
        const runs = Math.max(1, Math.round(count / steps))
        const took = await runDags(tenant, dag, runs, runs * steps)
        await expectInHistory({ postgres, carillon }, tenant, dag, steps)
        return (took * count) / (runs * steps)
      },
    }
  }
}

/** Starts so many runs and answers how long it took until the last result was stored. */
export async function runDags(tenant: Tenant, dag: string, runs: number, nodes: number): Promise<number> {
  const before = await tenant.executor.call('ended', undefined)
  const finished = tenant.executor.call('until', { ended: before + nodes })
  let left = runs
  const trigger = async () => {
    while (left-- > 0) await tenant.client.runs.triggerDag({ params: { dag }, body: {} })
  }
  const begun = instant()
  await Promise.all([finished, ...Array.from({ length: Math.min(runs, GRAPHS_AT_ONCE / 2) }, trigger)])
  return (await finished).at - begun
}

export async function createDag({ client }: Tenant, code: string, definition: Definition): Promise<void> {
  await client.dags.create({ body: { code } })
  const { number } = await client.dagVersions.create({ params: { dag: code }, body: { definition } })
  await client.dagVersions.activate({ params: { dag: code, number }, body: {} })
}

/** `width` nodes in each layer, each after `parents` of the layer before. */
export function layers(depth: number, width: number, parents: number): Definition {
  const code = (layer: number, place: number) => `n${layer}_${place % width}`
  const each = Array.from({ length: depth * width }, (_, place) => ({ layer: Math.floor(place / width), place: place % width }))
  return {
    nodes: each.map(({ layer, place }) => ({ code: code(layer, place), task: 'work' })),
    edges: each
      .filter(({ layer }) => layer > 0)
      .flatMap(({ layer, place }) =>
        Array.from({ length: parents }, (_, step) => ({ from: code(layer - 1, place + step), to: code(layer, place) })),
      ),
  }
}

/** One node after nothing, mapped over a list. */
function fanOut(): Definition {
  return {
    params: { items: Array.from({ length: FAN }, (_, n) => n) },
    nodes: [{ code: 'each', task: 'work', forEach: { items: 'params.items' } }],
    edges: [],
  }
}

/** The last runs' results stand in history: as soon as the executor has been answered, but the run itself ends a moment later. */
async function expectInHistory(
  { postgres, carillon }: { postgres: Bench['postgres']; carillon: Carillon },
  tenant: Tenant,
  dag: string,
  steps: number,
): Promise<void> {
  for (;;) {
    const [row] = await postgres.query<{ live: number; wrong: number }>(
      carillon.databaseUrl,
      `select (select count(*)::int from run_live r where r.tenant_id = $1) as live,
         (select count(*)::int from run_history r join dag d on d.tenant_id = r.tenant_id and d.id = r.target_id
          where r.tenant_id = $1 and d.code = $2 and (r.state <> 'SUCCESS' or $3 > (
            select count(*) from instance_history i where i.tenant_id = r.tenant_id and i.run_id = r.id and i.output is not null))) as wrong`,
      [tenant.id, dag, steps],
    )
    if (row!.wrong > 0) throw new Error(`${row!.wrong} runs of ${dag} are in history without all of their results.`)
    if (row!.live === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
