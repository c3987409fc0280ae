import PgBoss from 'pg-boss'
import type { Bench } from '../bench.ts'
import type { Contestant } from '../harness/rounds.ts'

const LOOPS = 20
const QUEUE = 'nothing'

/** pg-boss with jobs that are there already and 20 loops, each of which fetches one job and completes it. Adding them is not counted. */
export async function pgBoss({ postgres, atEnd }: Bench): Promise<Contestant> {
  const url = await postgres.createDatabase('boss')
  const boss = new PgBoss({ connectionString: url, max: LOOPS, supervise: false, schedule: false })
  boss.on('error', () => undefined) // what fails is thrown where it was called
  await boss.start()
  atEnd(() => boss.stop({ graceful: false, wait: true }))
  await boss.createQueue(QUEUE)
  const loop = async () => {
    let done = 0
    for (;;) {
      const [job] = await boss.fetch(QUEUE)
      if (job === undefined) return done
      await boss.complete(QUEUE, job.id, { ok: true })
      done++
    }
  }
  return {
    warmUp: 1_000,
    async round(count) {
      await boss.insert(Array.from({ length: count }, (_, n) => ({ name: QUEUE, data: { n } })))
      const begun = performance.now()
      const done = await Promise.all(Array.from({ length: LOOPS }, loop))
      const took = performance.now() - begun
      const sum = done.reduce((all, each) => all + each, 0)
      if (sum !== count) throw new Error(`pg-boss did ${sum} of ${count} jobs.`)
      return took
    },
  }
}
