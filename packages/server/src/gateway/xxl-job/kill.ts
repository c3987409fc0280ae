import { markXxlKilled, markXxlKilling } from '../../storage/xxl-job-attempt.ts'
import { calleesOf } from './callee.ts'
import { LONGEST_CALL_MS } from './client.ts'
import type { GatewayDeps } from './transport.ts'

/** Longer than a kill may take. */
const KILLING_MS = LONGEST_CALL_MS + 5_000

/**
 * What a killed handler may take to end. Some clients answer before it has, and then take its end for that of the next run of the task: it would be
 * called a success while it is at work.
 */
const WINDING_DOWN_MS = 1_000

/**
 * Tells an executor to kill the tasks of which it was asked to stop something. By then the stop stands in the instances, so whatever it calls
 * back does not turn them into successes; and until the calls are back, nothing of these tasks is sent to it.
 */
export async function killStopped({ engine, vault, client }: GatewayDeps, session: number): Promise<void> {
  const { marked, callee } = await engine.db.lease(async (tx) => {
    const locked = (_session: number, message: string) => engine.report('xxlJob.locked', { session, message })
    const found = (await calleesOf(tx, vault, [session], locked)).get(session)
    return { callee: found, marked: found ? await markXxlKilling(tx, session, KILLING_MS) : [] }
  })
  if (!callee) return
  const jobIds = [...new Set(marked.map(({ jobId }) => jobId))]
  await Promise.all(
    jobIds.map(async (jobId) => {
      const called = await client.kill(callee, jobId)
      if (called.kind !== 'OK') engine.report('xxlJob.notKilled', { session, jobId, kind: called.kind, message: called.message })
      const logIds = marked.filter((each) => each.jobId === jobId).map(({ logId }) => logId)
      const isHeard = called.kind === 'OK' || called.kind === 'REFUSED'
      await engine.db.lease((tx) => markXxlKilled(tx, logIds, isHeard, isHeard ? WINDING_DOWN_MS : 0))
    }),
  )
}
