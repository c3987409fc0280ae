import { DEEPEST_SUB_DAG, SUB_DAG_TOO_DEEP, type FinalRunState, type InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { selectPartsOf } from '../storage/node.ts'
import { selectPlansOfVersions } from '../storage/dag-version.ts'
import {
  forgetPartsToStart,
  postponeOutbox,
  selectDueKinds,
  takeOutbox,
  takeTheseOutbox,
  type OutboxEntry,
  type TakenEntry,
} from '../storage/outbox.ts'
import { blamesItemOrSize, isolate } from '../runtime/isolate.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { advanceRuns, beginRuns } from './advance-runs.ts'
import { endPartsLater, type PartEnded, type PartEndedEntry } from './end-parts-later.ts'
import { jsonOrNull, keysOf, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { lockInstances, lockInstancesOfRuns } from './lock-instances.ts'
import { startDownstream } from './start-downstream.ts'
import type { PartToStart } from './start-parts-later.ts'
import { startRuns, type RunStarted } from './start-runs.ts'
import { stopRuns } from './stop-runs.ts'
import { tellOfEvent, type EventToTell } from './wait-nodes.ts'

const BATCH = 200
const LONGEST_POSTPONE_MS = 300_000

/**
 * What one run's transaction leaves to do to another run, whose locks it must not wait for: to start downstream of it, to begin when its slot
 * is free, to start as a part of a node, to tell that node how it ended. Each entry goes with its effect, in one transaction.
 */
export async function continueRuns(engine: Engine, restMs = 1_000): Promise<number> {
  const kinds = await engine.db.look((tx) => selectDueKinds(tx))
  let taken = 0
  for (const kind of kinds) taken += await continueSome(engine, kind)
  return taken > 0 ? 0 : restMs
}

/** Answers how many entries it took on. Those that fail by themselves are put off. */
async function continueSome(engine: Engine, kind: OutboxEntry['kind']): Promise<number> {
  const step = STEPS[kind]
  let taken: readonly TakenEntry<never>[] = []
  try {
    await engine.db.engine(async (tx) => {
      taken = await takeOutbox(tx, kind, kind === 'TELL_EVENT' ? 1 : BATCH)
      if (taken.length > 0) await step(tx, engine, taken)
    })
  } catch (error) {
    if (taken.length === 0 || !blamesItemOrSize(error)) throw error
    await isolate(
      taken,
      async (some) => {
        await engine.db.engine(async (tx) => {
          const left = await takeTheseOutbox<never>(tx, some)
          if (left.length > 0) await step(tx, engine, left)
        })
        return some.map(() => true)
      },
      (entry, failure) => postpone(engine, kind, entry, failure),
      blamesItemOrSize,
    )
  }
  return taken.length
}

async function postpone(
  engine: Engine,
  kind: OutboxEntry['kind'],
  { tenantId, id, runId, tries }: TakenEntry<unknown>,
  failure: unknown,
): Promise<boolean> {
  const ms = Math.min(1_000 * 2 ** tries, LONGEST_POSTPONE_MS)
  engine.report('outbox.postponed', { tenantId, kind, runId, tries: tries + 1, ms, error: String(failure) })
  await engine.db.engine((tx) => postponeOutbox(tx, { tenantId, id }, ms, String(failure)))
  return false
}

/** What is done with entries of a kind; the entries are of the payload that whoever leaves them writes. */
type ContinueStep<Payload> = (tx: Transaction, engine: Engine, entries: readonly TakenEntry<Payload>[]) => Promise<void>

const beginLeft: ContinueStep<unknown> = async (tx, engine, entries) => {
  const runs = entries.map(({ tenantId, runId }) => ({ tenantId, id: runId }))
  // One that was stopped meanwhile has no node left that could begin.
  await lockInstancesOfRuns(tx, runs)
  await beginRuns(tx, engine, runs, await tx.now())
}

const startParts: ContinueStep<PartToStart> = async (tx, engine, entries) => {
  const planOf = await namedPlans(tx, entries)
  const refusalOf = (entry: (typeof entries)[number]) =>
    entry.payload.depth >= DEEPEST_SUB_DAG ? SUB_DAG_TOO_DEEP : planOf(entry) === null ? noPlan(entry.payload) : null
  const startable = entries.filter((entry) => refusalOf(entry) === null)
  const started = await startRuns(
    tx,
    engine,
    startable.map((entry) => {
      const { tenantId, runId, payload } = entry
      const { instanceId, dagId, params, depth } = payload
      const planId = planOf(entry)
      return {
        tenantId,
        target: { kind: 'DAG', id: dagId },
        origin: 'UPSTREAM',
        startedBy: `run:${runId}`,
        params,
        parentRunId: runId,
        parentInstanceId: instanceId,
        depth,
        ...(planId ? { planId } : {}),
      }
    }),
  )
  const results = new Map(startable.map((entry, place) => [entry, started[place]!]))
  const refused = entries.flatMap((entry): PartEndedEntry[] => {
    const { tenantId, runId, payload } = entry
    const error = refusalOf(entry) ?? whyNotStarted(results.get(entry)!)
    return error === null ? [] : [{ tenantId, runId, instanceId: payload.instanceId, state: 'FAILED', error }]
  })
  endPartsLater(tx, engine, refused)
}

const endPartsLeft: ContinueStep<PartEnded> = (tx, engine, entries) =>
  endParts(
    tx,
    engine,
    entries.map(({ tenantId, runId, payload: { instanceId, state, output, error } }) => ({
      tenantId,
      id: instanceId,
      state: STATE_OF_PART[state],
      output: state === 'SUCCESS' ? (output ?? null) : null,
      error: state === 'SUCCESS' ? null : (error ?? { code: `SUB_DAG_${state}`, message: `Run ${runId} ended ${state}.` }),
    })),
  )

/** One a transaction: each ends some hundred nodes, and locks by itself. */
const tellOfEvents: ContinueStep<EventToTell> = async (tx, engine, entries) => {
  for (const { tenantId, payload } of entries) await tellOfEvent(tx, engine, { tenantId, ...payload })
}

const stopParts: ContinueStep<{ readonly instanceId: number }> = async (tx, engine, entries) => {
  const nodes = entries.map(({ tenantId, payload }) => ({ tenantId, id: payload.instanceId }))
  // In this order: a part is still to be started, or has a run.
  forgetPartsToStart(tx, nodes)
  const parts = await selectPartsOf(tx, nodes)
  if (parts.length > 0) await stopRuns(tx, engine, parts, 'CANCEL')
}

const STEPS: Readonly<Record<OutboxEntry['kind'], ContinueStep<never>>> = {
  DOWNSTREAM: startDownstream,
  BEGIN_RUN: beginLeft,
  START_PART: startParts,
  PART_ENDED: endPartsLeft,
  STOP_PART: stopParts,
  TELL_EVENT: tellOfEvents,
}

/** The plans of the versions that nodes name; undefined where none is named, null where the version has none (any more). */
async function namedPlans(
  tx: Transaction,
  entries: readonly { readonly tenantId: number; readonly payload: PartToStart }[],
): Promise<(entry: (typeof entries)[number]) => number | null | undefined> {
  const named = entries.flatMap(({ tenantId, payload: { dagId, dagVersion } }) =>
    dagVersion === null ? [] : [{ tenantId, dagId, number: dagVersion }],
  )
  const rows = named.length === 0 ? [] : await selectPlansOfVersions(tx, named)
  const plans = new Map(rows.map((row) => [`${row.dagId}@${row.number}`, row.planId]))
  return ({ payload: { dagId, dagVersion } }) => (dagVersion === null ? undefined : (plans.get(`${dagId}@${dagVersion}`) ?? null))
}

type PartError = NonNullable<PartEnded['error']>

function noPlan({ dagVersion }: PartToStart): PartError {
  return { code: 'STATE_CONFLICT', message: `Version ${dagVersion} cannot run: it has never been activated.` }
}

function whyNotStarted(result: RunStarted): PartError | null {
  if (result.kind === 'REFUSED') return { code: result.code, message: result.detail }
  return result.state === 'PENDING' ? null : { code: 'SKIPPED', message: `Its concurrency policy skipped it: ${result.reason}.` }
}

const STATE_OF_PART: Readonly<Record<FinalRunState, InstanceState>> = {
  SUCCESS: 'SUCCESS',
  SKIPPED: 'FAILED',
  FAILED: 'FAILED',
  TIMEOUT: 'TIMEOUT',
  CANCELLED: 'CANCELLED',
}

interface EndedPart {
  readonly tenantId: number
  readonly id: number
  readonly state: InstanceState
  readonly output?: unknown
  readonly error: unknown
}

/** A node that was stopped meanwhile has ended already and hears nothing. */
async function endParts(tx: Transaction, engine: Engine, parts: readonly EndedPart[]): Promise<void> {
  if (parts.length === 0) return
  const byId = TenantMap.of(parts, (part) => part.id)
  const locked = await lockInstances(tx, parts)
  const ended = locked.values().map((instance): EndedNode => {
    const { state, output, error } = byId.get(instance.tenantId, instance.id)!
    return { ...keysOf(instance), state, because: null, output: jsonOrNull(output), error: jsonOrNull(error), startedAt: null }
  })
  await advanceRuns(tx, engine, ended, await tx.now())
}
