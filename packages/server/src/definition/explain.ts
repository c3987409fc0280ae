import type { Why } from '@carillon/contract'
import type { WaitingFacts } from '../storage/waiting.ts'

/** Why an instance does not run, from what the scheduler itself wrote and goes by. Pure. */
export function explain(facts: WaitingFacts): Why {
  switch (facts.state) {
    case 'WAITING':
      return explainWaiting(facts)
    case 'PENDING':
      return explainPending(facts)
    case 'RESERVED':
      return {
        reason: 'RESERVED',
        detail: `Given to the executor ${facts.executor ?? ''}, which has not yet said that it started.`,
      }
  }
}

function explainWaiting({ waitReason, dueAt, runReason }: WaitingFacts): Why {
  switch (waitReason) {
    case 'TIME':
      return { reason: 'TIME', detail: 'Waits until its retry is due.', ...(dueAt === null ? {} : { until: dueAt }) }
    case 'SLOT': {
      const holder = Number(/^CONCURRENCY:(\d+)$/.exec(runReason ?? '')?.[1] ?? 0)
      const detail = 'Waits for a slot of its concurrency policy'
      return holder > 0
        ? { reason: 'SLOT', detail: `${detail}, held by run ${holder}.`, heldBy: holder }
        : { reason: 'SLOT', detail: `${detail}.` }
    }
    case 'PAUSED':
      return { reason: 'PAUSED', detail: `The run is paused${by(runReason)}.` }
    case 'DEPENDENCY':
    case null:
      return { reason: 'DEPENDENCY', detail: 'Waits for other instances of its run.' }
  }
}

function by(runReason: string | null): string {
  const who = /^PAUSED:(.+)$/.exec(runReason ?? '')?.[1]
  return who === undefined ? '' : ` by ${who}`
}

/** Lanes in the order in which the claim meets them: the first closed one is the reason. */
function explainPending(facts: WaitingFacts): Why {
  const { scheduler, tenantActive, appCode, handler, selector } = facts
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`)
  const who = `the handler ${handler}${labels.length > 0 ? ` under ${labels.join(', ')}` : ''} in the app ${appCode}`
  if (scheduler === 'DRAINING') return { reason: 'SCHEDULER_STOPPED', detail: 'The scheduler is draining: nothing is given out.' }
  if (!tenantActive) return { reason: 'TENANT_SUSPENDED', detail: 'The tenant is suspended.' }
  if (facts.appPaused) return { reason: 'APP_PAUSED', detail: `The app ${appCode} is paused.` }
  if (facts.serving === 0) return { reason: 'NO_EXECUTOR', detail: `No executor serves ${who}.` }
  if (facts.available === 0)
    return {
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: `None of the ${facts.serving} executors that serve ${who} is online and healthy.`,
    }
  if (facts.starts !== null && facts.starts < 1)
    return { reason: 'RATE_LIMIT', detail: 'Its rate limit allows no more starts for the moment.' }
  if (facts.free === 0)
    return { reason: 'EXECUTORS_BUSY', detail: `All ${facts.available} executors that serve ${who} are full.` }
  return { reason: 'QUEUED', detail: 'It is its turn soon: executors with free places serve it.' }
}
