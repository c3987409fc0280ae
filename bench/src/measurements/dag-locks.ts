import pg from 'pg'
import type { Measurement } from '../bench.ts'
import { createDag, runDags } from './carillon-dags.ts'

const RUNS = 1_000
const LAYERS = [1, 4, 4, 1]
const NODES = 10
const MOST_MS = 100
const LOOK_MS = 10

const LONGEST_WAIT = `select (extract(epoch from max(clock_timestamp() - waitstart)) * 1000)::float8 as ms from pg_locks where not granted`

/** The longest that anything waited for a lock while a thousand diamonds of ten nodes advanced together, as `pg_locks` tells it. */
export const dagLocks: Measurement = {
  name: 'dag-locks',
  fullOnly: true,
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('diamonds')
    await createDag(tenant, 'diamond', diamond())
    await runDags(tenant, 'diamond', RUNS / 10, (RUNS / 10) * NODES)
    const waits = await watchLocks(carillon.databaseUrl)
    const took = await runDags(tenant, 'diamond', RUNS, RUNS * NODES)
    const { longestMs, looks } = await waits.end()
    return {
      figures: { dagLockWaitMs: longestMs },
      findings: [
        {
          name: `${RUNS} diamonds of ${NODES} nodes together, longest wait for a lock`,
          figure: `${longestMs} ms`,
          target: { says: `≤ ${MOST_MS} ms`, met: longestMs <= MOST_MS },
          note: `looked ${looks} times in ${(took / 1000).toFixed(1)} s; a wait that began and ended between two looks was shorter than they are apart`,
        },
      ],
    }
  },
}

/** Each node of a layer after all of the layer before. */
function diamond(): Parameters<typeof createDag>[2] {
  const codes = LAYERS.map((width, layer) => Array.from({ length: width }, (_, place) => `n${layer}_${place}`))
  const edges = codes.slice(1).flatMap((layer, before) => layer.flatMap((to) => codes[before]!.map((from) => ({ from, to }))))
  return { nodes: codes.flat().map((code) => ({ code, task: 'work' })), edges }
}

async function watchLocks(url: string): Promise<{ end(): Promise<{ longestMs: number; looks: number }> }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  let over = false
  let longestMs = 0
  let looks = 0
  const loop = async () => {
    while (!over) {
      const { rows } = await client.query<{ ms: number | null }>(LONGEST_WAIT)
      longestMs = Math.max(longestMs, Math.round(rows[0]!.ms ?? 0))
      looks++
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
  const looking = loop()
  return {
    async end() {
      over = true
      await looking.finally(() => client.end())
      return { longestMs, looks }
    },
  }
}
