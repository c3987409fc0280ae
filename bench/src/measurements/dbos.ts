import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Bench } from '../bench.ts'
import type { Contestant } from '../harness/rounds.ts'
import { CHAIN, FAN, GRAPHS_AT_ONCE, leastSteps, type GraphContestants } from './graphs.ts'

/**
 * DBOS as its documentation has it: workflows and steps in one process, each step's result kept in PostgreSQL, default settings. Steps run
 * where the workflow does; nothing is dispatched to another process.
 */
export async function dbos({ postgres, atEnd }: Bench): Promise<GraphContestants> {
  // It takes no connection string without a host; the one in the query, the socket's folder, is the one that counts.
  const url = (await postgres.createDatabase('dbos')).replace('@/', '@localhost/')
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error' })
  const chain = DBOS.registerWorkflow(
    async (size: number) => {
      for (let step = 0; step < size; step++) await DBOS.runStep(() => Promise.resolve({ ok: true, n: step }), { name: 'work' })
    },
    { name: 'chain' },
  )
  const fan = DBOS.registerWorkflow(
    async (size: number) => {
      const steps = Array.from({ length: size }, (_, n) => DBOS.runStep(() => Promise.resolve({ ok: true, n }), { name: 'work' }))
      await Promise.all(steps)
    },
    { name: 'fan' },
  )
  await DBOS.launch()
  atEnd(() => DBOS.shutdown())
  return { chain: contestant(chain, CHAIN), fan: contestant(fan, FAN) }
}

function contestant(workflow: (size: number) => Promise<void>, size: number): Contestant {
  return {
    warmUp: 200,
    least: leastSteps(size),
    async round(count) {
      const steps = Math.min(size, count)
      const runs = Math.ceil(count / steps)
      let left = runs
      const work = async () => {
        while (left-- > 0) await (await DBOS.startWorkflow(workflow)(steps)).getResult()
      }
      const begun = performance.now()
      await Promise.all(Array.from({ length: GRAPHS_AT_ONCE }, work))
      return ((performance.now() - begun) * count) / (runs * steps)
    },
  }
}
