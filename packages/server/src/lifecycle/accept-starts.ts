import type { Transaction } from '../storage/database.ts'
import { insertAudits } from '../storage/audit.ts'
import { claimKeys, findAnswers, forgetKeys, keyName, storeAnswers, type TenantKey } from '../storage/idempotency.ts'
import type { Engine } from './engine.ts'
import type { AuditEntry, StartRequest, StartResult } from './lifecycle.ts'
import { startRuns, type RunStart, type RunStarted } from './start-runs.ts'

type StoredAnswer = Pick<Extract<StartResult, { kind: 'STARTED' }>, 'runId' | 'state' | 'reason'>

/**
 * Starts that callers of the API asked for: the runs, their idempotency keys and their audit rows in one transaction. A key that was
 * used before, also within this batch, answers what it was answered then.
 * `audited`: the entries that other parts of the same request have written, so that one which is taken apart writes each once.
 */
export async function acceptStarts(
  tx: Transaction,
  engine: Engine,
  requests: readonly StartRequest[],
  audited: WeakSet<AuditEntry> = new WeakSet(),
): Promise<StartResult[]> {
  const first = firstUses(requests)
  const fresh = await claimKeys(
    tx,
    [...first.values()].map((place) => keyOf(requests[place]!)!),
  )
  const starts = requests.flatMap((request, place) => (mayStart(request, place, first, fresh) ? [place] : []))
  const started = await startRuns(
    tx,
    engine,
    starts.map((place) => runStart(requests[place]!)),
  )
  const own = new Map(starts.map((place, index) => [place, started[index]!]))
  keepAnswers(tx, requests, own)
  // A replayed request changed nothing and stands in the trail already; an outdated one comes again.
  const heard = starts.filter((place) => !isOutdated(own.get(place)!)).map((place) => requests[place]!)
  const entries = distinctAudits(heard).filter((entry) => !audited.has(entry))
  insertAudits(tx, entries)
  tx.afterCommit(() => entries.forEach((entry) => audited.add(entry)))
  const earlier = await findAnswers<StoredAnswer>(
    tx,
    requests.flatMap((request, place) => (own.has(place) ? [] : [keyOf(request)!])),
  )
  return requests.map((request, place) => {
    const result = own.get(place)
    return result ? asFresh(result) : replayed(request, earlier.get(keyName(keyOf(request)!)))
  })
}

function keyOf(request: StartRequest): TenantKey | null {
  return request.idempotency ? { tenantId: request.tenantId, ...request.idempotency } : null
}

/** Where in the batch each key stands first. */
function firstUses(requests: readonly StartRequest[]): Map<string, number> {
  const first = new Map<string, number>()
  requests.forEach((request, place) => {
    const key = keyOf(request)
    if (key && !first.has(keyName(key))) first.set(keyName(key), place)
  })
  return first
}

function mayStart(request: StartRequest, place: number, first: ReadonlyMap<string, number>, fresh: ReadonlySet<string>): boolean {
  const key = keyOf(request)
  if (!key) return true
  const name = keyName(key)
  return first.get(name) === place && fresh.has(name)
}

function runStart(request: StartRequest): RunStart {
  return {
    tenantId: request.tenantId,
    target: request.target,
    origin: request.origin,
    startedBy: request.startedBy,
    params: request.params,
    priority: request.priority ?? null,
    bypassConcurrency: request.bypassConcurrency ?? false,
    force: request.force ?? false,
    ...(request.expects === undefined ? {} : { expects: request.expects }),
    ...(request.planId === undefined ? {} : { planId: request.planId }),
    ...(request.runKey === undefined ? {} : { runKey: request.runKey }),
    ...(request.parentRunId === undefined ? {} : { parentRunId: request.parentRunId }),
  }
}

function keepAnswers(tx: Transaction, requests: readonly StartRequest[], own: ReadonlyMap<number, RunStarted>): void {
  const keyed = [...own].flatMap(([place, result]) => {
    const key = keyOf(requests[place]!)
    return key ? [{ key, result }] : []
  })
  storeAnswers(
    tx,
    keyed.flatMap(({ key, result }) => (result.kind === 'STARTED' ? [{ key, response: answerOf(result) }] : [])),
  )
  forgetKeys(
    tx,
    keyed.flatMap(({ key, result }) => (result.kind === 'REFUSED' ? [key] : [])),
  )
}

const isOutdated = (result: RunStarted) => result.kind === 'REFUSED' && result.outdated === true

const answerOf = ({ runId, state, reason }: StoredAnswer): StoredAnswer => ({ runId, state, reason })

function distinctAudits(requests: readonly StartRequest[]) {
  return [...new Set(requests.flatMap((request) => (request.audit ? [request.audit] : [])))]
}

function asFresh(result: RunStarted): StartResult {
  if (result.kind === 'REFUSED') return result
  const { kind, runId, state, reason } = result
  return { kind, runId, state, reason, replayed: false }
}

function replayed(
  request: StartRequest,
  earlier: { requestHash: string; response: StoredAnswer | null } | undefined,
): StartResult {
  if (!earlier?.response) {
    return {
      kind: 'REFUSED',
      code: 'STATE_CONFLICT',
      detail: 'The first request with this idempotency key was refused. Send it again.',
    }
  }
  if (earlier.requestHash !== request.idempotency!.requestHash) {
    return {
      kind: 'REFUSED',
      code: 'IDEMPOTENCY_MISMATCH',
      detail: 'This idempotency key was used before with a different request. Use a new key.',
    }
  }
  return { kind: 'STARTED', ...answerOf(earlier.response), replayed: true }
}
