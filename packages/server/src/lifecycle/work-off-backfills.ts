import { occurrencesBetween, type CompiledSchedule } from '@carillon/core'
import { blamesItem, isolate } from '../runtime/isolate.ts'
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
import { ledgerOutcome, nodesOfTargets, type FiringDeps, type NodesOfTarget } from './fire-schedules.ts'
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
  const keys = await engine.db.look((tx) => selectDueBackfills(tx, BATCH))
  if (keys.length === 0) return restMs
  // Those that do not fit into a transaction have their turn in the next, before any of the others has its second.
  for (let left: readonly BackfillKey[] = keys; left.length > 0;) {
    const had = await isolate(
      left,
      (batch) => advanceBatch(deps, batch),
      async (key, error) => {
        await engine.db.engine((tx) => giveUp(tx, engine, key, error))
        return true
      },
      blamesItem,
    )
    left = left.filter((_, place) => !had[place])
  }
  return 0
}

/** Of each backfill its turn, in one transaction. Answers which have had it: at least one, and all that fit. */
function advanceBatch({ days, engine }: FiringDeps, batch: readonly BackfillKey[]): Promise<boolean[]> {
  return days.withFireDays((requireDays) =>
    engine.db.engine(async (tx) => {
      const rows = await lockDueBackfills(tx, batch)
      const definitions = await selectScheduleDefinitions(tx, rows)
      const [now, nodesOf] = [await tx.now(), await nodesOfTargets(tx, engine, definitions)]
      const { turns, left } = await planTurns(tx, engine, rows, definitions, nodesOf)
      const fresh = await undecided(tx, turns)
      requireDays(fresh.map(({ fireAt }) => dayOf(fireAt)))
      await decideOccurrences(tx, engine, fresh, now)
      for (const turn of turns) await advanceOne(tx, turn, fresh, now)
      return batch.map(({ id }) => !left.has(id))
    }),
  )
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

type Occurrence = ReturnType<typeof occurrencesBetween>[number]

/** The next occurrences of a backfill. */
interface Turn {
  readonly row: BackfillRow
  readonly definition: ScheduleDefinition
  readonly occurrences: readonly Occurrence[]
  readonly isLast: boolean
}

/** As much of each as its rate allows, and no more runs in all than may start at once. Those that have nothing to go by end. */
async function planTurns(
  tx: Transaction,
  engine: Engine,
  rows: readonly BackfillRow[],
  definitions: readonly ScheduleDefinition[],
  nodesOf: NodesOfTarget,
): Promise<{ turns: readonly Turn[]; left: ReadonlySet<number> }> {
  const turns: Turn[] = []
  const left = new Set<number>()
  let nodes = 0
  for (const row of rows) {
    const definition = definitions.find((each) => each.tenantId === row.tenantId && each.scheduleId === row.scheduleId)
    const schedule = definition && !definition.deleted ? compiledOrError(definition) : null
    if (!definition || schedule === null) await advanceBackfill(tx, row, { nextAt: row.toAt, dueAt: null, runs: 0, skipped: 0 })
    else if (schedule instanceof Error) await giveUp(tx, engine, row, schedule)
    else {
      const nodesARun = nodesOf(definition)
      const fit = Math.floor((engine.settings.startNodes - nodes) / nodesARun)
      if (fit < 1 && turns.length > 0) left.add(row.id)
      else {
        const turn = turnOf(row, definition, schedule, Math.max(1, fit))
        nodes += turn.occurrences.filter(isRun).length * nodesARun
        turns.push(turn)
      }
    }
  }
  return { turns, left }
}

function turnOf(row: BackfillRow, definition: ScheduleDefinition, schedule: CompiledSchedule, mostRuns: number): Turn {
  const atItsRate = Math.max(1, Math.floor(row.perMinute / 60))
  const page = occurrencesBetween(schedule, row.nextAt, row.toAt, MOST_OCCURRENCES)
  const occurrences = takeUntil(page, Math.min(atItsRate, mostRuns))
  return { row, definition, occurrences, isLast: occurrences.length === page.length && page.length < MOST_OCCURRENCES }
}

interface Fresh extends Occurrence {
  readonly turn: Turn
}

const isRun = ({ excluded }: Pick<Occurrence, 'excluded'>) => excluded === null

async function undecided(tx: Transaction, turns: readonly Turn[]): Promise<Fresh[]> {
  const all = turns.flatMap((turn) => turn.occurrences.map((each) => ({ ...each, turn })))
  const nameOf = (backfillId: number, fireAt: number) => `${backfillId}:${fireAt}`
  const found = await selectDecided(tx, all.map(occurrenceKey))
  const decided = new Set(found.map((each) => nameOf(each.backfillId, each.fireAt)))
  return all.filter(({ turn, fireAt }) => !decided.has(nameOf(turn.row.id, fireAt)))
}

/** Starts the runs of these occurrences, all of them at once, and writes all of them into the ledger. */
async function decideOccurrences(tx: Transaction, engine: Engine, fresh: readonly Fresh[], now: number): Promise<void> {
  const runs = fresh.filter(isRun)
  const started = await startRuns(
    tx,
    engine,
    runs.map(({ fireAt, turn: { row, definition } }) => ({
      tenantId: row.tenantId,
      target: { kind: definition.targetKind, id: definition.targetId },
      origin: 'BACKFILL',
      startedBy: row.createdBy,
      params: { ...definition.params, ...row.params },
      priority: definition.priority,
      scheduleId: row.scheduleId,
      fireAt,
      backfillId: row.id,
    })),
  )
  const results = new Map(runs.map((each, place) => [each, started[place]!]))
  insertFires(
    tx,
    fresh.map((each) => ({
      ...occurrenceKey(each),
      lastFireAt: each.fireAt,
      count: 1,
      ...ledgerOutcome(
        isRun(each) ? { outcome: 'RUN', reason: 'BACKFILL' } : { outcome: 'SKIPPED', reason: 'CALENDAR' },
        results.get(each),
      ),
    })),
    now,
  )
}

async function advanceOne(tx: Transaction, turn: Turn, fresh: readonly Fresh[], now: number): Promise<void> {
  const { row, occurrences, isLast } = turn
  const own = fresh.filter((each) => each.turn === turn)
  const runs = own.filter(isRun).length
  const last = occurrences.at(-1)
  await advanceBackfill(tx, row, {
    nextAt: isLast || !last ? row.toAt : last.fireAt + 1,
    dueAt: isLast ? null : now + Math.ceil((60_000 * runs) / row.perMinute),
    runs,
    skipped: own.length - runs,
  })
}

const occurrenceKey = ({ turn: { row }, fireAt }: Fresh) => ({
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
