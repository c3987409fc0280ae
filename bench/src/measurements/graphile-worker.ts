import { run, Logger, makeWorkerUtils } from 'graphile-worker'
import type { Bench } from '../bench.ts'
import type { Postgres } from '../harness/postgres.ts'
import type { Contestant } from '../harness/rounds.ts'

const CONCURRENCY = 24

/**
 * graphile-worker as its own performance test runs it: jobs that are there already, 24 at once, a task that does nothing, default
 * settings otherwise (no local queue, no batched completion). It deletes jobs when they are done. Adding them is not counted.
 */
export async function graphileWorker({ postgres }: Bench): Promise<Contestant> {
  const url = await postgres.createDatabase('graphile')
  const logger = new Logger(() => () => undefined)
  const utils = await makeWorkerUtils({ connectionString: url, logger })
  await utils.migrate()
  await utils.release()
  return {
    warmUp: 1_500,
    async round(count) {
      await postgres.query(
        url,
        `select graphile_worker.add_jobs(array(
           select ('nothing', json_build_object('n', n), null, null, null, null, null, null)::graphile_worker.job_spec
           from generate_series(1, $1::int) n))`,
        [count],
      )
      let done = 0
      let finish: () => void = () => undefined
      const finished = new Promise<void>((resolve) => (finish = resolve))
      const nothing = () => {
        if (++done === count) finish()
      }
      const begun = performance.now()
      const runner = await run({
        connectionString: url,
        concurrency: CONCURRENCY,
        maxPoolSize: CONCURRENCY + 1,
        noHandleSignals: true,
        logger,
        taskList: { nothing },
      })
      await finished
      // The last jobs are deleted before it stops: their completion counts.
      await runner.stop()
      const took = performance.now() - begun
      await expectNone(postgres, url)
      return took
    },
  }
}

async function expectNone(postgres: Postgres, url: string): Promise<void> {
  const [row] = await postgres.query<{ left: number }>(url, 'select count(*)::int as left from graphile_worker.jobs')
  if (row!.left !== 0) throw new Error(`graphile-worker left ${row!.left} jobs.`)
}
