import type { FailingTarget, Nodes, Overview, overviewRoutes, PlatformOverview } from '@carillon/contract'
import { FINAL_RUN_STATES, type RunState } from '@carillon/core'
import { createMemo, type Memo } from '../../runtime/memo.ts'
import {
  countExecutors,
  countOverdue,
  countPending,
  countRunning,
  listFailed,
  listNext,
  lookAtRecent,
  readDatabaseFacts,
  type ExecutorCount,
  type FailedRun,
  type Recent,
} from '../../storage/overview.ts'
import {
  attemptsByHour,
  countAllExecutors,
  countAllOverdue,
  countAllPending,
  countAllRunning,
} from '../../storage/platform-overview.ts'
import { getSchedulerControl, listNodes } from '../../storage/scheduler-control.ts'
import type { Context, Handlers } from '../context.ts'

export const overviewHandlers: Handlers<typeof overviewRoutes> = {
  get: async ({ query: { since } }, context) =>
    (await context.services.overviews.get(`${context.tenantId}:${since ?? ''}`, () => overviewOf(context, since)))!,
  platform: async (_, context) => (await context.services.platformOverviews.get('', () => platformOf(context)))!,
  nodes: async (_, context) => nodesOf(context),
}

export type Overviews = Memo<string, [() => Promise<Overview>], Overview>

/** Shared by everybody who looks at a tenant: however many pages are open, it is looked at once in two seconds. */
export function createOverviews(): Overviews {
  return createMemo({ trustedMs: 2_000, most: 1_000 }, (_: string, look: () => Promise<Overview>) => look())
}

export type PlatformOverviews = Memo<string, [() => Promise<PlatformOverview>], PlatformOverview>

/** Likewise, of all tenants together. */
export function createPlatformOverviews(): PlatformOverviews {
  return createMemo({ trustedMs: 2_000, most: 1 }, (_: string, look: () => Promise<PlatformOverview>) => look())
}

const DAY_MS = 86_400_000
const MOST_GROUPS = 20

async function overviewOf({ tenantId, read, survey }: Context, given: number | undefined): Promise<Overview> {
  const [held, own] = await Promise.all([
    survey(async (tx) => {
      const [running, pending] = await Promise.all([countRunning(tx, tenantId), countPending(tx, tenantId)])
      return { running, pending }
    }),
    read(async (tx) => {
      const since = given ?? (await tx.now()) - DAY_MS
      const [executors, overdue, recent, failed, next] = await Promise.all([
        countExecutors(tx, tenantId),
        countOverdue(tx, tenantId),
        lookAtRecent(tx, tenantId, since),
        listFailed(tx, tenantId, since),
        listNext(tx, tenantId),
      ])
      return { since, executors, overdue, recent, failed, next }
    }),
  ])
  const { since, recent, failed } = own
  return {
    at: recent.at,
    ...held,
    executors: executorsOf(own.executors),
    lateness: { overdue: own.overdue, fireMs: percentilesOf(recent.fireMs), startMs: percentilesOf(recent.startMs) },
    throughput: { minutes: recent.minutes.map((minute) => ({ ...minute })), more: recent.moreMinutes },
    outcomes: { since, states: FINAL_RUN_STATES.map((state) => ({ state, ...outcomesOf(state, recent, failed) })) },
    next: own.next.map(({ scheduleId, scheduleCode, fireAt, ...target }) => ({
      schedule: { id: scheduleId, code: scheduleCode },
      ...targetOf(target),
      fireAt,
    })),
    failing: groupFailed(failed.runs),
  }
}

function executorsOf(counts: readonly ExecutorCount[]): Overview['executors'] {
  const sum = (which: (count: ExecutorCount) => boolean, what: 'count' | 'capacity' = 'count') =>
    counts.filter(which).reduce((total, each) => total + each[what], 0)
  const of = (status: ExecutorCount['status']) => sum((each) => each.status === status)
  return {
    total: sum(() => true),
    inService: sum((each) => each.inService),
    unhealthy: sum((each) => each.health === 'UNHEALTHY'),
    byStatus: { ONLINE: of('ONLINE'), OFFLINE: of('OFFLINE'), MAINTENANCE: of('MAINTENANCE'), DRAINING: of('DRAINING') },
    capacity: sum((each) => each.inService, 'capacity'),
  }
}

const percentilesOf = (pair: readonly (number | null)[] | null) => ({ p50: pair?.[0] ?? null, p95: pair?.[1] ?? null })

/** Those that did not succeed have an index of their own, in which one sees further back than among all. */
function outcomesOf(state: RunState, recent: Recent, failed: { runs: readonly FailedRun[]; more: boolean }) {
  const amongAll = recent.outcomes[state] ?? 0
  const unsuccessful = failed.runs.filter((run) => run.state === state).length
  if (state === 'SUCCESS' || state === 'SKIPPED') return { count: amongAll, more: recent.moreSince }
  return { count: Math.max(amongAll, unsuccessful), more: recent.moreSince && failed.more }
}

interface Target {
  readonly kind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly targetCode: string | null
}

function targetOf({ kind, targetId, targetCode }: Target) {
  const named = { id: targetId, code: targetCode }
  return { task: kind === 'TASK' ? named : null, dag: kind === 'DAG' ? named : null }
}

/** Newest first as they come, so the first of a group is its newest. What somebody cancelled has not failed. */
function groupFailed(runs: readonly FailedRun[]): FailingTarget[] {
  const groups = new Map<string, FailingTarget>()
  for (const run of runs) {
    if (run.state === 'CANCELLED') continue
    const code = run.code ?? run.state
    const name = `${run.targetId}:${code}`
    const known = groups.get(name)
    if (known) groups.set(name, { ...known, count: known.count + 1, firstAt: Math.min(known.firstAt, run.endedAt) })
    else {
      const times = { firstAt: run.endedAt, lastAt: run.endedAt }
      groups.set(name, { ...targetOf(run), code, message: run.message, count: 1, ...times, newestRun: run.id })
    }
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt).slice(0, MOST_GROUPS)
}

async function platformOf({ survey }: Context): Promise<PlatformOverview> {
  return survey(async (tx) => {
    const [facts, nodes, executors, running, pending, overdue, hours] = await Promise.all([
      readDatabaseFacts(tx),
      listNodes(tx),
      countAllExecutors(tx),
      countAllRunning(tx),
      countAllPending(tx),
      countAllOverdue(tx),
      attemptsByHour(tx),
    ])
    const living = nodes.filter(({ alive }) => alive)
    return {
      at: facts.now,
      executors: executorsOf(executors),
      ...{ running, pending, overdue, hours },
      nodes: { alive: living.length, total: nodes.length },
      versions: [...new Set(living.map((node) => node.version))].toSorted(),
      leaders: facts.leaders.map(({ node, ...each }) => ({ ...each, node: nodes.find(({ id }) => id === node)?.name ?? node })),
    }
  })
}

async function nodesOf({ survey, services }: Context): Promise<Nodes> {
  const { facts, scheduler, nodes, roundTripMs, clock } = await survey(async (tx) => {
    // The connection is borrowed before the clock starts.
    await tx.now()
    const began = performance.now()
    const facts = await readDatabaseFacts(tx)
    const roundTripMs = Math.round((performance.now() - began) * 10) / 10
    const clock = Date.now()
    return { facts, roundTripMs, clock, scheduler: await getSchedulerControl(tx), nodes: await listNodes(tx) }
  })
  const { version, now, standbys, leaders } = facts
  return {
    at: now,
    scheduler,
    database: {
      version,
      roundTripMs,
      clockAheadMs: Math.round(clock - roundTripMs / 2 - now),
      standbys: standbys.map((each) => ({ ...each })),
    },
    versions: [...new Set(nodes.filter(({ alive }) => alive).map((node) => node.version))].toSorted(),
    leaders: leaders.map((each) => ({ ...each })),
    nodes: nodes.map((node) => ({
      ...node,
      leads: [...node.leads],
      answers: node.id === services.nodeId,
      uptimeMs: Math.max(0, (node.alive ? now : node.seenAt) - node.startedAt),
    })),
  }
}
