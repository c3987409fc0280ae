import { CarillonError, planFires, type CompiledSchedule, type Fire } from '@carillon/core'
import { insertFires } from '../storage/fire.ts'
import { dayOf } from '../storage/history-day.ts'
import type { DueMark } from '../storage/schedule-due-edit.ts'
import type { Edit } from './edit.ts'

/** An edit of schedules: it also writes the ledger, whose days must have room. */
export interface ScheduleEdit extends Edit {
  /** Called before ledger rows are written; when a day has no room yet it throws, and the edit is done again after it has. */
  requireDays(days: readonly string[]): void
}

const OCCURRENCES_A_ROUND = 100_000
const MOST_ROUNDS = 40

/**
 * Writes down what an edit, a resume or a deletion is about to leave behind: occurrences that were due under the old definition and that
 * firing has not decided yet. They will never run, so each gets its ledger row, as skipped (it was paused) or missed. The caller holds
 * the schedule's due row. Answers until when everything is decided; null when nothing was due.
 */
export async function settleOverdue(
  edit: ScheduleEdit,
  scheduleId: number,
  due: DueMark,
  before: { readonly compiled: CompiledSchedule; readonly paused: boolean },
): Promise<number | null> {
  const now = await edit.tx.now()
  if (due.nextFireAt === null || due.nextFireAt > now) return null
  const fires = decideAll(scheduleId, due.nextFireAt, now, before)
  edit.requireDays(fires.map((fire) => dayOf(fire.fireAt)))
  const { tenantId } = edit
  const rows = fires.map((fire) => ({ ...fire, tenantId, scheduleId, backfillId: 0, runId: null }))
  insertFires(edit.tx, rows, now)
  return fires.at(-1)?.lastFireAt ?? null
}

/** As the firing loop would decide, if nothing of the past were to run: jitter, which only delays runs, is left out. */
function decideAll(
  scheduleId: number,
  nextFireAt: number,
  now: number,
  { compiled, paused }: { readonly compiled: CompiledSchedule; readonly paused: boolean },
): Fire[] {
  const schedule = { ...compiled, spec: { ...compiled.spec, jitterMs: 0 } }
  const hold = paused ? 'PAUSED' : null
  // Everything up to now is overdue, also what is due at this very millisecond.
  const fixed = {
    schedule,
    scheduleId,
    now,
    hold,
    misfire: { policy: 'SKIP' },
    misfireAfterMs: -1,
    maxRuns: 0,
    maxOccurrences: OCCURRENCES_A_ROUND,
  } as const
  const fires: Fire[] = []
  let state = {
    nextFireAt,
    misfireUntil: null as number | null,
    runFrom: null as number | null,
    paceUntil: null as number | null,
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const plan = planFires({ ...fixed, state })
    fires.push(...plan.fires)
    if (plan.next === null || plan.next.nextFireAt > now) return fires
    state = plan.next
  }
  throw new CarillonError('STATE_CONFLICT', 'Millions of its fires are still undecided. Let firing catch up with them first.')
}
