import type { Bench } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { instant } from '../harness/clock.ts'
import type { Contestant } from '../harness/rounds.ts'
import { CHAIN, FAN, leastSteps, type GraphContestants } from './graphs.ts'

/** Runs that one request starts. */
const BATCH = 50

interface Checked {
  readonly postgres: Bench['postgres']
  readonly carillon: Carillon
}

type Definition = NonNullable<NonNullable<Parameters<Tenant['client']['dagVersions']['create']>[0]['body']>['definition']>

/** Carillon's DAGs: triggered over HTTP, every node dispatched to an executor in another process, every node kept in history. */
export async function carillonDags({ postgres, carillon: start }: Bench): Promise<GraphContestants> {
  const carillon = await start()
  const tenant = await carillon.tenant('graphs')
  let nodes = 0
  await createDag(tenant, 'chain', layers(CHAIN, 1, 1))
  await createDag(tenant, 'fan', fanOut())
  return { chain: contestant('chain', CHAIN), fan: contestant('fan', FAN) }

  function contestant(dag: string, steps: number): Contestant {
    return {
      warmUp: 3_000,
      least: leastSteps(steps),
      async round(count) {
        const runs = Math.max(1, Math.round(count / steps))
        const took = await runDags(tenant, dag, runs, runs * steps)
        nodes += runs * steps
        await expectInHistory({ postgres, carillon }, tenant, nodes)
        return (took * count) / (runs * steps)
      },
    }
  }
}

/** Starts so many runs and answers how long it took until the last result was stored. */
export async function runDags(tenant: Tenant, dag: string, runs: number, nodes: number): Promise<number> {
  const before = await tenant.executor.ended()
  const finished = tenant.executor.until(before + nodes)
  let left = runs
  const begun = instant()
  while (left > 0) {
    const items = Array.from({ length: Math.min(left, BATCH) }, () => ({ dag }))
    left -= items.length
    const { failed } = await tenant.client.runs.triggerMany({ body: { items } })
    if (failed > 0) throw new Error(`${failed} of ${items.length} triggers were refused.`)
  }
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

/** The executor has been answered, but the last runs may end a moment later. */
async function expectInHistory({ postgres, carillon }: Checked, tenant: Tenant, nodes: number): Promise<void> {
  for (;;) {
    const [row] = await postgres.query<{ live: number; wrong: number; kept: number }>(
      carillon.databaseUrl,
      `select (select count(*)::int from run_live where tenant_id = $1) as live,
         (select count(*)::int from run_history where tenant_id = $1 and state <> 'SUCCESS') as wrong,
         (select count(*)::int from instance_history where tenant_id = $1 and output is not null) as kept`,
      [tenant.id],
    )
    const { live, wrong, kept } = row!
    if (live === 0 && wrong === 0 && kept === nodes) return
    if (live === 0) throw new Error(`History holds ${kept} results of ${nodes}, and ${wrong} runs that did not succeed.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
