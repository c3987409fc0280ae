import { setTimeout as rest } from 'node:timers/promises'
import type { Client, RunDetail } from '@carillon/contract'
import { FINAL_RUN_STATES } from '@carillon/core'
import { durationOf } from './moment.ts'
import { printableLine } from './printable.ts'

export type EndedRun = RunDetail

const FIRST_REST_MS = 50
const LONGEST_REST_MS = 1_000

/** Asks ever less often: a short run is seen at once, a long one costs one request a second. */
export async function waitForRun(client: Client, id: number): Promise<EndedRun> {
  for (let restMs = FIRST_REST_MS; ; restMs = Math.min(restMs * 1.5, LONGEST_REST_MS)) {
    const run = await client.runs.get({ params: { run: id } })
    if (FINAL_RUN_STATES.includes(run.state)) return run
    await rest(restMs)
  }
}

/** `Run 17 ended: FAILED in 1.2s (load: Connection refused)`. */
export function outcomeOf(run: EndedRun): string {
  return `Run ${run.id} ended: ${endOf(run)}`
}

/** `FAILED in 1.2s (load: Connection refused)`. */
export function endOf({ state, reason, startedAt, endedAt, instances }: EndedRun): string {
  const took = startedAt === null || endedAt === null ? '' : ` in ${durationOf(endedAt - startedAt)}`
  const why = (state === 'SUCCESS' ? null : failureOf(instances)) ?? reason
  return `${state}${took}${why === null ? '' : ` (${printableLine(why)})`}`
}

/** Of the first that failed; a node that was skipped has an error too, which says why, and is no failure. */
function failureOf(instances: EndedRun['instances']): string | null {
  for (const { state, error, nodeCode } of instances) {
    const message = (error as { message?: string } | null)?.message
    if (state !== 'SKIPPED' && state !== 'SUCCESS' && message !== undefined)
      return nodeCode === null ? message : `${nodeCode}: ${message}`
  }
  return null
}
