import type { ReportAnswer, ReportItem } from '@carillon/contract'
import { detachInstances, selectAttemptsWithCallback, type AttemptKey } from '../storage/callback.ts'
import type { Transaction } from '../storage/database.ts'
import { recordProgress, selectEndedAttempts, startInstances, type InstanceKey } from '../storage/instance.ts'
import { insertRefusedReports } from '../storage/refused-report.ts'
import { markRunsStarted } from '../storage/run.ts'
import { isTooDeep, storableJson, storableText } from '../storage/storable-json.ts'
import { completeInstances, type InstanceEnd } from './complete-instances.ts'
import type { Engine } from './engine.ts'
import { lockInstances, type InstanceUnderLock, type LockedInstances } from './lock-instances.ts'

/**
 * What is said about an instance, with the session and tenant that the request was authenticated for. Without a session it came by a
 * callback, whose address is bound to the token: it counts whoever holds the attempt, and no longer once that was asked to stop.
 */
export interface ReportedItem {
  readonly tenantId: number
  readonly sessionId: number | null
  readonly item: ReportItem
}

export type ItemAnswer = ReportAnswer['items'][number]

const ACCEPTED: ItemAnswer = { status: 'ACCEPTED' }
const STALE: ItemAnswer = {
  status: 'STALE',
  detail: 'This attempt is not held under this token by this session any more. Nothing was changed.',
}
const DUPLICATE: ItemAnswer = { status: 'DUPLICATE' }
const NO_CALLBACK: ItemAnswer = { status: 'INVALID', detail: 'This attempt was given no callback, so nothing could ever end it.' }

/**
 * Takes reports in: one transaction for a batch of any executors, each item answered by itself, in order. An item counts only while its
 * instance is held under exactly its token and session; whatever else arrives (late, twice, out of order, from an attempt that was taken
 * over) changes nothing, is answered as what it is, and recorded.
 */
export async function applyReports(tx: Transaction, engine: Engine, items: readonly ReportedItem[]): Promise<ItemAnswer[]> {
  const [locked, now] = await Promise.all([lockInstances(tx, items.map(keyOf)), tx.now()])
  const sorted = sortItems(items, locked, engine.settings.resultBytes, await endlessOf(tx, items))
  await recordStarts(tx, engine, sorted.starts, now)
  recordProgress(tx, sorted.progress.map(progressOf))
  detachInstances(
    tx,
    sorted.detached.map(({ instance }) => instance),
    now,
  )
  await completeInstances(
    tx,
    engine,
    sorted.ends.map((end) => endOf(end, now)),
  )
  const late = await answerLate(tx, sorted.late)
  return items.map((entry) => (sorted.endless.has(entry) ? NO_CALLBACK : (late.get(entry) ?? ACCEPTED)))
}

/** What asks to be let go of without a callback that would end it. */
async function endlessOf(tx: Transaction, items: readonly ReportedItem[]): Promise<ReadonlySet<ReportedItem>> {
  const detached = items.filter(({ item }) => item.kind === 'DETACHED')
  if (detached.length === 0) return new Set()
  const name = ({ tenantId, id, token }: AttemptKey) => `${tenantId}:${id}:${token}`
  const attempts = detached.map((entry) => ({ ...keyOf(entry), token: entry.item.token }))
  const given = new Set((await selectAttemptsWithCallback(tx, attempts)).map(name))
  return new Set(detached.filter((_, index) => !given.has(name(attempts[index]!))))
}

const keyOf = ({ tenantId, item }: ReportedItem): InstanceKey => ({ tenantId, id: item.instance })

// ───────────────────────────────────────────────────────────────── sort

interface Held {
  readonly entry: ReportedItem
  readonly instance: InstanceUnderLock
}

interface End extends Held {
  /** Why its output is not kept. */
  readonly flaw: Flaw | null
  /** Its start was reported, be it in the same batch. */
  readonly hadStarted: boolean
}

interface Sorted {
  readonly starts: readonly Held[]
  readonly progress: readonly Held[]
  readonly detached: readonly Held[]
  readonly ends: readonly End[]
  readonly endless: ReadonlySet<ReportedItem>
  readonly late: readonly ReportedItem[]
}

/**
 * The first end of an instance in a batch is its end; what stands behind it comes too late, a start before it needs no row of its own.
 * After it was let go of, only its callback says more. Let go of although it was asked to stop, it has ended.
 */
function sortItems(
  items: readonly ReportedItem[],
  locked: LockedInstances,
  resultBytes: number,
  endless: ReadonlySet<ReportedItem>,
): Sorted {
  const starts = new Map<InstanceUnderLock, Held>()
  const progress = new Map<InstanceUnderLock, Held>()
  const detached = new Map<InstanceUnderLock, Held>()
  const ends = new Map<InstanceUnderLock, End>()
  const late: ReportedItem[] = []
  for (const entry of items) {
    if (endless.has(entry)) continue
    const instance = locked.get(entry.tenantId, entry.item.instance)
    const isPast = !instance || ends.has(instance) || (detached.has(instance) && entry.sessionId !== null)
    if (isPast || !holds(instance, entry)) {
      late.push(entry)
      continue
    }
    const held = { entry, instance }
    if (entry.item.kind === 'STARTED') starts.set(instance, held)
    else if (entry.item.kind === 'PROGRESS') progress.set(instance, held)
    else if (entry.item.kind === 'DETACHED' && instance.stopReason === null) detached.set(instance, held)
    else {
      const hadStarted = instance.state === 'RUNNING' || starts.has(instance) || progress.has(instance)
      ends.set(instance, { entry, instance, flaw: flawOf(entry.item, resultBytes), hadStarted })
    }
  }
  for (const instance of ends.keys()) {
    progress.delete(instance)
    detached.delete(instance)
  }
  for (const [instance, held] of detached) starts.set(instance, held)
  return {
    starts: [...starts.values()].filter(({ instance }) => instance.state === 'RESERVED' && !ends.has(instance)),
    progress: [...progress.values()],
    detached: [...detached.values()],
    ends: [...ends.values()],
    endless,
    late,
  }
}

function holds(instance: InstanceUnderLock, { sessionId, item }: ReportedItem): boolean {
  const isOwn = sessionId === null ? instance.stopReason === null : instance.sessionId === sessionId
  return instance.token === item.token && isOwn && (instance.state === 'RESERVED' || instance.state === 'RUNNING')
}

interface Flaw {
  readonly code: 'RESULT_TOO_LARGE' | 'RESULT_TOO_DEEP'
  readonly message: string
}

/** Depth first: what is too deep cannot be written to be measured. */
function flawOf(item: ReportItem, resultBytes: number): Flaw | null {
  if (item.kind !== 'SUCCESS' || item.output === undefined) return null
  if (isTooDeep(item.output)) return RESULT_TOO_DEEP
  return Buffer.byteLength(JSON.stringify(item.output)) > resultBytes ? resultTooLarge(resultBytes) : null
}

// ───────────────────────────────────────────────────────────────── write

async function recordStarts(tx: Transaction, engine: Engine, starts: readonly Held[], now: number): Promise<void> {
  if (starts.length === 0) return
  const planOf = await engine.plans.load(
    tx,
    starts.map(({ instance }) => instance),
  )
  startInstances(
    tx,
    starts.map(({ entry, instance }) => {
      const { timeoutMs } = planOf(instance).nodes[instance.node]!
      return { ...instance, sessionId: entry.sessionId!, deadlineAt: timeoutMs === 0 ? null : now + timeoutMs }
    }),
    now,
  )
  const pending = starts.filter(({ instance }) => instance.runState === 'PENDING')
  markRunsStarted(
    tx,
    pending.map(({ instance: { tenantId, runId } }) => ({ tenantId, id: runId })),
    now,
  )
}

function progressOf({ entry, instance }: Held) {
  const item = entry.item as Extract<ReportItem, { kind: 'PROGRESS' }>
  return { ...instance, sessionId: entry.sessionId!, percent: item.percent, message: item.message ?? null }
}

function endOf({ entry: { item, sessionId }, instance, flaw, hadStarted }: End, now: number): InstanceEnd {
  const startedAt = 'durationMs' in item && item.durationMs !== undefined ? now - item.durationMs : now
  if (flaw) return { instance, end: { kind: 'FAILURE', errorCode: flaw.code, retriable: false }, error: flaw, startedAt }
  switch (item.kind) {
    case 'SUCCESS':
      return {
        instance,
        end: { kind: 'SUCCESS' },
        output: item.output === undefined ? null : storableJson(item.output),
        startedAt,
      }
    case 'FAILURE': {
      const code = storableText(item.error.code ?? 'FAILED')
      // The executor left in the middle of it. That is nobody's failure and costs no retry.
      if (code === 'SHUTDOWN' && sessionId !== null) return { instance, end: { kind: 'LOST' }, startedAt }
      return {
        instance,
        end: { kind: 'FAILURE', errorCode: code, retriable: item.retriable ?? true },
        error: { ...item.error, code } as InstanceEnd['error'] & object,
        startedAt,
      }
    }
    case 'RELEASE':
      // Only what has not started can be handed back as if nothing had been; of the rest nobody knows how far it got.
      return { instance, end: { kind: hadStarted ? 'LOST' : 'RELEASED' } }
    case 'DETACHED':
      return { instance, end: { kind: 'OVERDUE' } }
    default:
      throw new Error(`${item.kind} does not end an attempt.`)
  }
}

function resultTooLarge(maxBytes: number): Flaw {
  const message = `The output is larger than limits.resultBytes allows, which is ${maxBytes} bytes. Store it elsewhere and return where it is.`
  return { code: 'RESULT_TOO_LARGE', message }
}

const RESULT_TOO_DEEP: Flaw = {
  code: 'RESULT_TOO_DEEP',
  message: 'The output is nested too deeply to be kept. Store it elsewhere and return where it is.',
}

// ───────────────────────────────────────────────────────────────── late

/** The same end told again is a duplicate; everything else that comes late is stale, and kept so that people can see it. */
async function answerLate(tx: Transaction, late: readonly ReportedItem[]): Promise<ReadonlyMap<ReportedItem, ItemAnswer>> {
  if (late.length === 0) return new Map()
  const attemptName = ({ tenantId, id }: InstanceKey, token: number, sessionId: number | null) =>
    `${tenantId}:${id}:${token}:${sessionId}`
  const outcomes = new Map(
    (await selectEndedAttempts(tx, late.map(keyOf))).map((row) => [attemptName(row, row.token, row.sessionId), row.outcome]),
  )
  const answers = new Map(
    late.map((entry) => [entry, answerOf(entry, outcomes.get(attemptName(keyOf(entry), entry.item.token, entry.sessionId)))]),
  )
  insertRefusedReports(
    tx,
    late
      .filter((entry) => answers.get(entry) === STALE)
      .map(({ tenantId, sessionId, item }) => ({
        tenantId,
        instanceId: item.instance,
        token: item.token,
        sessionId,
        kind: item.kind,
        reason: 'STALE',
      })),
  )
  return answers
}

const REPORTED_AS: Readonly<Record<ReportItem['kind'], readonly string[]>> = {
  STARTED: ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'],
  PROGRESS: [],
  SUCCESS: ['SUCCESS', 'CANCELLED', 'TIMEOUT'],
  FAILURE: ['FAILED', 'CANCELLED', 'TIMEOUT'],
  RELEASE: ['LOST'],
  DETACHED: ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED'],
}

function answerOf({ item }: ReportedItem, outcome: string | undefined): ItemAnswer {
  return outcome !== undefined && REPORTED_AS[item.kind].includes(outcome) ? DUPLICATE : STALE
}
