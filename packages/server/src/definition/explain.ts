import type { Why } from '@carillon/contract'
import { approvalRoles, isBroadcast, type CapacityRule, type LabelRequirement, type PlanNode } from '@carillon/core'
import { holderIn } from '../storage/run.ts'
import type { WaitingFacts } from '../storage/waiting.ts'

/** The rule that keeps an instance from every executor with a free place. */
export interface ClosedBy {
  readonly rule: CapacityRule
  /** Its own limit is used up, or what is free is kept for others. */
  readonly by: 'LIMIT' | 'RESERVATION'
  /** The oldest run of its tenant that uses up the limit. */
  readonly holder: number | null
}

/** What a run's plan says beside what is stored of the instance itself. */
export interface WaitingNode {
  readonly node: Pick<PlanNode, 'code' | 'control'>
  /** Codes of the nodes that lead to it and have not ended. */
  readonly waitsFor: readonly string[]
  readonly closedBy?: ClosedBy | null
  /** How long a shard of a broadcast waits for an executor that has gone. */
  readonly shardGoneMs: number
}

/** Why an instance does not run, from what the scheduler itself wrote and goes by. Pure. */
export function explain(facts: WaitingFacts, around: WaitingNode): Why {
  switch (facts.state) {
    case 'WAITING':
      return explainWaiting(facts, around)
    case 'PENDING':
      return explainPending(facts, around)
    case 'RESERVED':
      return {
        reason: 'RESERVED',
        detail: `Given to the executor ${facts.executor ?? ''}, which has not yet said that it started.`,
      }
  }
}

function explainWaiting(facts: WaitingFacts, { node, waitsFor }: WaitingNode): Why {
  const { waitReason, dueAt, runReason, shardIndex, partRunId } = facts
  const until = dueAt === null ? {} : { until: dueAt }
  const does = node.control?.does
  switch (waitReason) {
    case 'TIME':
      return { reason: 'TIME', detail: does?.kind === 'WAIT' ? 'Waits for its time.' : 'Waits until its retry is due.', ...until }
    case 'APPROVAL': {
      const roles = approvalRoles(does?.kind === 'APPROVAL' ? does.approval : {})
      return { reason: 'APPROVAL', detail: `Waits for the decision of a person with the role ${listOf(roles, 'or')}.`, ...until }
    }
    case 'EVENT':
      return { reason: 'EVENT', detail: `Waits for the event ${facts.eventName} with the key ${facts.eventKey}.`, ...until }
    case 'SUB_DAG':
      return partRunId === null
        ? { reason: 'SUB_DAG', detail: 'The run that is its part is about to start, or has just ended.' }
        : { reason: 'SUB_DAG', detail: `Waits for the end of run ${partRunId}.`, heldBy: partRunId }
    case 'SLOT': {
      if (shardIndex > 0) return { reason: 'SLOT', detail: 'Waits for one of the elements at work to end: so many run at once.' }
      const holder = holderIn(runReason)
      return holder === null
        ? { reason: 'SLOT', detail: 'Waits for a slot of its concurrency policy.' }
        : { reason: 'SLOT', detail: `Waits for a slot of its concurrency policy, held by run ${holder}.`, heldBy: holder }
    }
    case 'PAUSED': {
      const who = /^PAUSED:(.+)$/.exec(runReason ?? '')?.[1]
      return { reason: 'PAUSED', detail: who === undefined ? 'The run is paused.' : `The run is paused by ${who}.` }
    }
    case 'DEPENDENCY':
    case null:
      return {
        reason: 'DEPENDENCY',
        detail: waitsFor.length === 0 ? 'Waits for other instances of its run.' : `Waits for the end of ${nodesOf(waitsFor)}.`,
      }
  }
}

const MOST_NAMED = 5

function nodesOf(codes: readonly string[]): string {
  const named = codes.length > MOST_NAMED ? [...codes.slice(0, MOST_NAMED), `${codes.length - MOST_NAMED} more nodes`] : codes
  return listOf(named, 'and')
}

const listOf = (words: readonly string[], last: 'and' | 'or') =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`

function labelOf([key, wanted]: [string, LabelRequirement]): string {
  if (typeof wanted === 'string') return `${key}=${wanted}`
  return 'in' in wanted ? `${key} in (${wanted.in.join(', ')})` : `${key} not in (${wanted.notIn.join(', ')})`
}

const NO_STARTS = 'Its rate limit allows no more starts for the moment.'

/** Lanes in the order in which the claim meets them: the first closed one is the reason. */
/** `2 DRAINING, 1 OFFLINE` */
function standingOf(standing: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const each of standing) counts.set(each, (counts.get(each) ?? 0) + 1)
  return [...counts].map(([how, count]) => `${count} ${how}`).join(', ')
}

function explainPending(facts: WaitingFacts, around: WaitingNode): Why {
  const { closedBy = null } = around
  const { scheduler, tenantActive, appCode, handler, selector, placedWith, toBePlaced } = facts
  const labels = Object.entries(selector).map(labelOf)
  const who = `the handler ${handler}${labels.length > 0 ? ` under ${labels.join(', ')}` : ''} in the app ${appCode}`
  if (scheduler === 'DRAINING') return { reason: 'SCHEDULER_STOPPED', detail: 'The scheduler is draining: nothing is given out.' }
  if (!tenantActive) return { reason: 'TENANT_SUSPENDED', detail: 'The tenant is suspended.' }
  if (facts.appPaused) return { reason: 'APP_PAUSED', detail: `The app ${appCode} is paused.` }
  if (placedWith !== null) return explainPlaced(facts, placedWith, around)
  if (facts.serving === 0) return { reason: 'NO_EXECUTOR', detail: `No executor serves ${who}.` }
  if (facts.available === 0)
    return {
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: `No executor that serves ${who} takes work: ${standingOf(facts.standing)}.`,
    }
  if (facts.starts !== null && facts.starts < 1) return { reason: 'RATE_LIMIT', detail: NO_STARTS }
  if (facts.free === 0)
    return { reason: 'EXECUTORS_BUSY', detail: `All ${facts.available} executors that serve ${who} are full.` }
  if (closedBy) return explainCapacity(facts, closedBy)
  if (toBePlaced)
    return {
      reason: 'QUEUED',
      detail:
        'Its route policy has yet to choose an executor: it is its turn soon, or those that the policy allows are full or out of service.',
    }
  return { reason: 'QUEUED', detail: 'It is its turn soon: executors with free places serve it.' }
}

function explainCapacity({ appCode }: WaitingFacts, { rule, by: how, holder }: ClosedBy): Why {
  const { task, label, tenant, executor, limit, reserve } = rule
  const whom = task !== undefined ? `the task ${task}` : label !== undefined ? `the label ${label}` : `the tenant ${tenant}`
  if (how === 'RESERVATION') {
    const kept = executor === undefined ? whom : `${whom} on ${executorsOf(executor)}`
    return { reason: 'CAPACITY', detail: `The app ${appCode} keeps ${places(reserve!)} for ${kept}, and no other is free.` }
  }
  const most = executor === undefined ? `${places(limit!)} at once` : `${places(limit!)} at once on ${executorsOf(executor)}`
  return holder === null
    ? { reason: 'CAPACITY', detail: `The app ${appCode} gives ${whom} at most ${most}.` }
    : {
        reason: 'CAPACITY',
        detail: `The app ${appCode} gives ${whom} at most ${most}; run ${holder} holds one.`,
        heldBy: holder,
      }
}

const executorsOf = (executor: string) => (executor === '*' ? 'each executor' : `the executor ${executor}`)

const places = (count: number) => `${count} ${count === 1 ? 'place' : 'places'}`

/** Only one executor can take it. */
function explainPlaced(facts: WaitingFacts, executor: string, { node, closedBy, shardGoneMs }: WaitingNode): Why {
  const { available, starts, free, placedGoneAt, placedUnservedAt, handler } = facts
  if (placedGoneAt !== null && isBroadcast(node))
    return {
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: `The executor ${executor}, to which this shard belongs, has gone: the shard fails if it has not registered again by then.`,
      until: placedGoneAt + shardGoneMs,
    }
  if (placedUnservedAt !== null && isBroadcast(node))
    return {
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: `The executor ${executor}, to which this shard belongs, does not serve the handler ${handler} any more, or not with the labels that it wants: the shard fails if it does not by then.`,
      until: placedUnservedAt + shardGoneMs,
    }
  if (available === 0)
    return {
      reason: 'EXECUTORS_UNAVAILABLE',
      detail: `The executor ${executor}, which is to have it, is not online and healthy.`,
    }
  if (starts !== null && starts < 1) return { reason: 'RATE_LIMIT', detail: NO_STARTS }
  if (free === 0) return { reason: 'EXECUTORS_BUSY', detail: `The executor ${executor}, which is to have it, is full.` }
  if (closedBy) return explainCapacity(facts, closedBy)
  return { reason: 'QUEUED', detail: `It is its turn soon: the executor ${executor}, which is to have it, has a free place.` }
}
