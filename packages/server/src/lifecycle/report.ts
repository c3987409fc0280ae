import type { ReportAnswer, ReportItem } from '@carillon/contract'
import type { Transaction } from '../storage/database.ts'
import { recordProgress, selectEndedAttempts, startInstances, type InstanceKey } from '../storage/instance.ts'
import { insertRefusedReports } from '../storage/refused-report.ts'
import { setRunStates } from '../storage/run.ts'
import { storableJson, storableText } from '../storage/storable-json.ts'
import { completeInstances, type InstanceEnd } from './complete-instances.ts'
import type { Engine } from './engine.ts'
import { lockInstances, type InstanceUnderLock, type LockedInstances } from './lock-instances.ts'

/** What an executor says about an instance, with the session and tenant that its request was authenticated for. */
export interface ReportedItem {
  readonly tenantId: number
  readonly sessionId: number
  readonly item: ReportItem
}

export type ItemAnswer = ReportAnswer['items'][number]

const ACCEPTED: ItemAnswer = { status: 'ACCEPTED' }
const STALE: ItemAnswer = {
  status: 'STALE',
  detail: 'This attempt is not held under this token by this session any more. Nothing was changed.',
}
const DUPLICATE: ItemAnswer = { status: 'DUPLICATE' }

/**
 * Takes reports in: one transaction for a batch of any executors, each item answered by itself, in order. An item counts only while its
 * instance is held under exactly its token and session; whatever else arrives (late, twice, out of order, from an attempt that was taken
 * over) changes nothing, is answered as what it is, and recorded.
 */
export async function applyReports(tx: Transaction, engine: Engine, items: readonly ReportedItem[]): Promise<ItemAnswer[]> {
  const [locked, now] = await Promise.all([lockInstances(tx, items.map(keyOf)), tx.now()])
  const sorted = sortItems(items, locked, engine.settings.resultBytes)
  await recordStarts(tx, engine, sorted.starts, now)
  recordProgress(tx, sorted.progress.map(progressOf))
  await completeInstances(
    tx,
    engine,
    sorted.ends.map(({ entry, instance, oversize }) => endOf(entry.item, instance, oversize, now)),
  )
  const late = await answerLate(tx, sorted.late)
  return items.map((entry) => late.get(entry) ?? ACCEPTED)
}

const keyOf = ({ tenantId, item }: ReportedItem): InstanceKey => ({ tenantId, id: item.instance })

// ───────────────────────────────────────────────────────────────── sort

interface Held {
  readonly entry: ReportedItem
  readonly instance: InstanceUnderLock
}

interface End extends Held {
  readonly oversize: boolean
}

interface Sorted {
  readonly starts: readonly Held[]
  readonly progress: readonly Held[]
  readonly ends: readonly End[]
  readonly late: readonly ReportedItem[]
}

/** The first end of an instance in a batch is its end; what stands behind it comes too late, a start before it needs no row of its own. */
function sortItems(items: readonly ReportedItem[], locked: LockedInstances, resultBytes: number): Sorted {
  const starts = new Map<InstanceUnderLock, Held>()
  const progress = new Map<InstanceUnderLock, Held>()
  const ends = new Map<InstanceUnderLock, End>()
  const late: ReportedItem[] = []
  for (const entry of items) {
    const instance = locked.get(entry.tenantId, entry.item.instance)
    if (!instance || !holds(instance, entry) || ends.has(instance)) {
      late.push(entry)
      continue
    }
    if (entry.item.kind === 'STARTED') starts.set(instance, { entry, instance })
    else if (entry.item.kind === 'PROGRESS') progress.set(instance, { entry, instance })
    else ends.set(instance, { entry, instance, oversize: isOversize(entry.item, resultBytes) })
  }
  for (const instance of ends.keys()) progress.delete(instance)
  return {
    starts: [...starts.values()].filter(({ instance }) => instance.state === 'RESERVED' && !ends.has(instance)),
    progress: [...progress.values()],
    ends: [...ends.values()],
    late,
  }
}

function holds(instance: InstanceUnderLock, { sessionId, item }: ReportedItem): boolean {
  return (
    instance.token === item.token &&
    instance.sessionId === sessionId &&
    (instance.state === 'RESERVED' || instance.state === 'RUNNING')
  )
}

function isOversize(item: ReportItem, resultBytes: number): boolean {
  return item.kind === 'SUCCESS' && item.output !== undefined && Buffer.byteLength(JSON.stringify(item.output)) > resultBytes
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
      return { ...instance, sessionId: entry.sessionId, deadlineAt: timeoutMs === 0 ? null : now + timeoutMs }
    }),
    now,
  )
  const pending = starts.filter(({ instance }) => instance.runState === 'PENDING')
  setRunStates(
    tx,
    pending.map(({ instance }) => ({ tenantId: instance.tenantId, id: instance.runId, state: 'RUNNING' as const, reason: null })),
    now,
  )
}

function progressOf({ entry, instance }: Held) {
  const item = entry.item as Extract<ReportItem, { kind: 'PROGRESS' }>
  return { ...instance, sessionId: entry.sessionId, percent: item.percent, message: item.message ?? null }
}

function endOf(item: ReportItem, instance: InstanceUnderLock, oversize: boolean, now: number): InstanceEnd {
  const startedAt = 'durationMs' in item && item.durationMs !== undefined ? now - item.durationMs : now
  if (oversize)
    return {
      instance,
      end: { kind: 'FAILURE', errorCode: 'RESULT_TOO_LARGE', retriable: false },
      error: RESULT_TOO_LARGE,
      startedAt,
    }
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
      if (code === 'SHUTDOWN') return { instance, end: { kind: 'LOST' }, startedAt }
      return {
        instance,
        end: { kind: 'FAILURE', errorCode: code, retriable: item.retriable ?? true },
        error: { ...item.error, code } as InstanceEnd['error'] & object,
        startedAt,
      }
    }
    case 'RELEASE':
      return { instance, end: { kind: 'RELEASED' } }
    default:
      throw new Error(`${item.kind} does not end an attempt.`)
  }
}

const RESULT_TOO_LARGE = {
  code: 'RESULT_TOO_LARGE',
  message: 'The output is larger than the limit. Store it elsewhere and return a reference.',
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
}

function answerOf({ item }: ReportedItem, outcome: string | undefined): ItemAnswer {
  return outcome !== undefined && REPORTED_AS[item.kind].includes(outcome) ? DUPLICATE : STALE
}
