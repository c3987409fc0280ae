import type { Policies } from '@carillon/contract'
import type { Findings } from './findings.ts'
import type { XxlJob } from './xxl-tables.ts'

const LONGEST_TIMEOUT_S = 30 * 86_400
const MOST_RETRIES = 100
/** xxl-job looks for failures that often, and then tries again at once. */
const RETRY_MS = 10_000

/** How a job runs, in Carillon's words. `known`: the route strategies that there are. */
export function policiesOf(job: XxlJob, known: readonly string[], findings: Findings): Policies {
  const maxRetries = within(job.failRetries, MOST_RETRIES, 'Fail retries', job, findings)
  const timeout = within(job.timeoutSeconds, LONGEST_TIMEOUT_S, 'Time-out in seconds', job, findings)
  return {
    timeoutMs: timeout * 1_000,
    retry: { maxRetries, backoff: 'FIXED', delayMs: RETRY_MS },
    // Without fail retries xxl-job starts nothing a second time, not even what was lost with its executor.
    delivery: maxRetries === 0 ? 'AT_MOST_ONCE' : 'AT_LEAST_ONCE',
    concurrency: concurrencyOf(job, findings),
    ...routeOf(job, known, findings),
  }
}

function within(value: number, most: number, what: string, job: XxlJob, findings: Findings): number {
  const kept = Math.min(Math.max(Math.trunc(value), 0), most)
  if (value > most) findings.add('DIFFERS', `${what}: ${most}, the most there can be`, job.id)
  return kept
}

function concurrencyOf(job: XxlJob, findings: Findings): NonNullable<Policies['concurrency']> {
  switch (job.block) {
    case 'SERIAL_EXECUTION':
      return { policy: 'SEQUENTIAL' }
    case 'DISCARD_LATER':
      return { policy: 'SINGLETON' }
    case 'COVER_EARLY':
      return { policy: 'REPLACE' }
    default:
      findings.add('DIFFERS', `Its block strategy ${job.block} is not known: runs follow each other (SEQUENTIAL)`, job.id)
      return { policy: 'SEQUENTIAL' }
  }
}

const ROUTES: Readonly<Record<string, string>> = {
  FIRST: 'FIRST',
  LAST: 'LAST',
  ROUND: 'ROUND_ROBIN',
  RANDOM: 'RANDOM',
  CONSISTENT_HASH: 'CONSISTENT_HASH',
  LEAST_FREQUENTLY_USED: 'LFU',
  LEAST_RECENTLY_USED: 'LRU',
  FAILOVER: 'FAILOVER',
  BUSYOVER: 'BUSYOVER',
}

/** The nearest of those that have always been there. */
const NEAREST: Readonly<Record<string, string>> = { LRU: 'ROUND_ROBIN', LFU: 'ROUND_ROBIN', BUSYOVER: 'LEAST_LOADED' }

function routeOf(job: XxlJob, known: readonly string[], findings: Findings): Pick<Policies, 'route' | 'shards'> {
  if (job.route === 'SHARDING_BROADCAST') return { shards: { mode: 'BROADCAST' } }
  const wanted = ROUTES[job.route]
  if (wanted !== undefined && known.includes(wanted)) return { route: wanted as NonNullable<Policies['route']> }
  const route = NEAREST[wanted ?? ''] ?? 'ROUND_ROBIN'
  findings.add('DIFFERS', `The route strategy ${job.route} is not there: ${route} takes its place`, job.id)
  return { route: route as NonNullable<Policies['route']> }
}
