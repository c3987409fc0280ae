import { occurrencesBetween, type CompiledSchedule } from '@carillon/core'
import { isolate } from '../runtime/isolate.ts'
import {
  lockDueBackfills,
  advanceBackfill,
  failBackfill,
  selectDueBackfills,
  type BackfillKey,
  type BackfillRow,
} from '../storage/backfill-due.ts'
import { insertFires, selectDecided } from '../storage/fire.ts'
import { dayOf } from '../storage/history-day.ts'
import { selectScheduleDefinitions, type ScheduleDefinition } from '../storage/schedule-due.ts'
import type { Transaction } from '../storage/database.ts'
import type { Engine } from './engine.ts'
import { ledgerOutcome, type FiringDeps } from './fire-schedules.ts'
import { compileStored } from './schedule-cache.ts'
import { startRuns } from './start-runs.ts'

const BATCH = 20
const MOST_OCCURRENCES = 2_000

/**
 * Works off backfills: the next occurrences of each, no faster than its rate, in a ledger key of its own, so that live fires of the same
 * schedule go on untouched.
 */
export async function workOffBackfills(deps: FiringDeps, restMs = 1_000): Promise<number> {
  const { engine } = deps
  const keys = await engine.db.engine((tx) => selectDueBackfills(tx, BATCH))
  if (keys.length === 0) return restMs
  await isolate(
    keys,
    (batch) =>
      deps.days.withFireDays((requireDays) =>
        engine.db.engine(async (tx) => {
          const rows = await lockDueBackfills(tx, batch)
          const definitions = await selectScheduleDefinitions(tx, rows)
          for (const row of rows) await advanceOne(tx, deps, row, definitions, requireDays)
          return batch.map(() => true)
        }),
      ),
    async (key, error) => {
      await engine.db.engine((tx) => giveUp(tx, engine, key, error))
      return false
    },
  )
  return 0
}

async function giveUp(tx: Transaction, engine: Engine, key: BackfillKey, error: unknown): Promise<void> {
  await failBackfill(tx, key)
  tx.afterCommit(() => engine.report('backfill.failed', { tenantId: key.tenantId, id: key.id, error: String(error) }))
}

/** What is stored compiles, which saving saw to; one that does not must not keep the others of its batch from moving. */
function compiledOrError(definition: ScheduleDefinition): CompiledSchedule | Error {
  try {
    return compileStored(definition)
  } catch (error) {
    return error as Error
  }
}

async function advanceOne(
  tx: Transaction,
  { engine }: FiringDeps,
  row: BackfillRow,
  definitions: readonly ScheduleDefinition[],
  requireDays: (days: readonly string[]) => void,
): Promise<void> {
  const now = await tx.now()
  const definition = definitions.find((each) => each.tenantId === row.tenantId && each.scheduleId === row.scheduleId)
  if (!definition || definition.deleted) return advanceBackfill(tx, row, { nextAt: row.toAt, dueAt: null, runs: 0, skipped: 0 })
  const schedule = compiledOrError(definition)
  if (schedule instanceof Error) return giveUp(tx, engine, row, schedule)
  const perBatch = Math.max(1, Math.floor(row.perMinute / 60))
  const page = occurrencesBetween(schedule, row.nextAt, row.toAt, MOST_OCCURRENCES)
  const taken = takeUntil(page, perBatch)
  const fresh = await undecided(tx, row, taken)
  requireDays(fresh.map((each) => dayOf(each.fireAt)))
  const runs = await decideOccurrences(tx, engine, row, definition, fresh)
  const last = taken.at(-1)
  const finished = taken.length === page.length && page.length < MOST_OCCURRENCES
  await advanceBackfill(tx, row, {
    nextAt: finished || !last ? row.toAt : last.fireAt + 1,
    dueAt: finished ? null : now + Math.ceil((60_000 * runs) / row.perMinute),
    runs,
    skipped: fresh.length - runs,
  })
}

type Occurrence = ReturnType<typeof occurrencesBetween>[number]

async function undecided(tx: Transaction, row: BackfillRow, occurrences: readonly Occurrence[]): Promise<Occurrence[]> {
  const keys = occurrences.map((each) => occurrenceKey(row, each.fireAt))
  const decided = new Set((await selectDecided(tx, keys)).map((each) => each.fireAt))
  return occurrences.filter((each) => !decided.has(each.fireAt))
}

/** Starts the runs of these occurrences and writes all of them into the ledger. Answers how many of them run. */
async function decideOccurrences(
  tx: Transaction,
  engine: Engine,
  row: BackfillRow,
  definition: ScheduleDefinition,
  occurrences: readonly Occurrence[],
): Promise<number> {
  const runs = occurrences.filter((each) => each.excluded === null)
  const started = await startRuns(
    tx,
    engine,
    runs.map((each) => ({
      tenantId: row.tenantId,
      target: { kind: definition.targetKind, id: definition.targetId },
      origin: 'BACKFILL',
      startedBy: row.createdBy,
      params: { ...definition.params, ...row.params },
      priority: definition.priority,
      scheduleId: row.scheduleId,
      fireAt: each.fireAt,
      backfillId: row.id,
    })),
  )
  const results = new Map(runs.map((each, place) => [each.fireAt, started[place]!]))
  insertFires(
    tx,
    occurrences.map((each) => ({
      ...occurrenceKey(row, each.fireAt),
      lastFireAt: each.fireAt,
      count: 1,
      ...ledgerOutcome(
        each.excluded === null ? { outcome: 'RUN', reason: 'BACKFILL' } : { outcome: 'SKIPPED', reason: 'CALENDAR' },
        results.get(each.fireAt),
      ),
    })),
    await tx.now(),
  )
  return runs.length
}

const occurrenceKey = (row: BackfillRow, fireAt: number) => ({
  tenantId: row.tenantId,
  scheduleId: row.scheduleId,
  backfillId: row.id,
  fireAt,
})

/** The first occurrences, up to `most` that run. */
function takeUntil<Each extends { excluded: unknown }>(occurrences: readonly Each[], most: number): readonly Each[] {
  let runs = 0
  const end = occurrences.findIndex((each) => each.excluded === null && ++runs > most)
  return end === -1 ? occurrences : occurrences.slice(0, end)
}
