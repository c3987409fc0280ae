import { isDeepStrictEqual } from 'node:util'
import type { BackfillCreate, ScheduleCreate, ScheduleUpdate } from '@carillon/contract'
import { CarillonError, firstState, occurrencesBetween, type CompiledSchedule } from '@carillon/core'
import { cancelBackfillRow, cancelBackfillsOf, insertBackfill, lockBackfill, type BackfillRow } from '../storage/backfill-edit.ts'
import { calendars, type CalendarRow } from '../storage/calendar.ts'
import { dags, selectStartableDags } from '../storage/dag.ts'
import { findPlans } from '../storage/plan.ts'
import { insertDue, lockDue, resetDue, type DueMark } from '../storage/schedule-due-edit.ts'
import { replaceCalendars, schedules, type CalendarRef, type ScheduleFields, type ScheduleRow } from '../storage/schedule.ts'
import { tasks } from '../storage/task.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { assertParamsSize, paramsProblems, referenceProblems } from './params-schema.ts'
import { judgeOverrides, secretsBeside } from './secret.ts'
import { holdReference } from './references.ts'
import { settleOverdue, type ScheduleEdit } from './settle-overdue.ts'
import { assertFires, compileTiming, completeTiming, type CalendarUse } from './timing.ts'
import {
  assertVersion,
  bodyOf,
  deleteObject,
  insertObject,
  isUnchanged,
  lockObject,
  noSuch,
  revisionBody,
  updateObject,
  writeObject,
  type ObjectKind,
} from './versioned-object.ts'

export const SCHEDULE: ObjectKind<ScheduleRow, ScheduleFields> = { table: schedules, noun: 'schedule', related: ['calendars'] }

export async function createSchedule(edit: Edit, body: ScheduleCreate): Promise<Change<ScheduleRow>> {
  const target = await targetOf(edit, body)
  const now = await edit.tx.now()
  const uses = await holdCalendars(edit, body.calendars ?? [])
  const fields: ScheduleFields = {
    code: body.code,
    name: body.name ?? '',
    description: body.description ?? '',
    targetKind: target.kind,
    targetId: target.id,
    timing: completeTiming(body.timing, now),
    startAt: body.startAt ?? null,
    endAt: body.endAt ?? null,
    jitterMs: body.jitterMs ?? 0,
    misfire: body.misfire ?? null,
    params: body.params ?? {},
    priority: body.priority ?? null,
    paused: body.paused ?? false,
    pauseReason: null,
    labels: body.labels ?? {},
  }
  const compiled = compileTiming(fields, uses)
  assertFires(compiled, now)
  await checkParams(edit, target, fields.params)
  const row = await insertObject(edit, SCHEDULE, 'create', fields, {
    relate: async (id) => {
      await replaceCalendars(edit.tx, edit.tenantId, id, uses.map(useRow))
      await insertDue(edit.tx, edit.tenantId, id, firstState(compiled, id, now))
    },
  })
  return { answer: row, object: { kind: 'schedule', id: row.id }, before: null, after: bodyOf(SCHEDULE, row) }
}

export async function updateSchedule(edit: ScheduleEdit, ref: string, body: ScheduleUpdate): Promise<Change<ScheduleRow>> {
  const { before, due } = await lockScheduleAndDue(edit, ref)
  assertVersion(before, body.version)
  const { version: _, timing, calendars: given, ...rest } = body
  const now = await edit.tx.now()
  const fields = {
    ...bodyOf(SCHEDULE, before),
    ...rest,
    ...(timing ? { timing: completeTiming(timing, now, before.timing) } : {}),
  } as ScheduleFields
  const uses = given ? await holdCalendars(edit, given) : await calendarsOf(edit, before.calendars)
  return rewrite(edit, 'update', before, due, fields, uses)
}

export async function restoreSchedule(
  edit: ScheduleEdit,
  ref: string,
  version: number,
  revision: number,
): Promise<Change<ScheduleRow>> {
  const { before, due } = await lockScheduleAndDue(edit, ref)
  assertVersion(before, version)
  const body = (await revisionBody(edit, SCHEDULE, before.id, revision)) as ScheduleFields & { calendars: CalendarRef[] }
  const { calendars: refs, ...fields } = body
  return rewrite(edit, 'restore', before, due, fields, await calendarsOf(edit, refs))
}

export async function pauseSchedule(edit: Edit, ref: string, reason: string | undefined): Promise<Change<ScheduleRow>> {
  const { before } = await lockScheduleAndDue(edit, ref)
  const fields = { ...fieldsOf(before), paused: true, pauseReason: reason ?? null }
  return changed(before, await updateObject(edit, SCHEDULE, 'pause', before, fields))
}

/** What fell due during the pause and is not decided yet is recorded as skipped: resuming never fires the past. */
export async function resumeSchedule(edit: ScheduleEdit, ref: string): Promise<Change<ScheduleRow>> {
  const { before, due } = await lockScheduleAndDue(edit, ref)
  if (!before.paused) return changed(before, before)
  const fields = { ...fieldsOf(before), paused: false, pauseReason: null }
  const uses = await calendarsOf(edit, before.calendars)
  await restartIfOverdue(edit, before, due, compileTiming(fields, uses))
  return changed(before, await updateObject(edit, SCHEDULE, 'resume', before, fields))
}

export async function deleteSchedule(edit: ScheduleEdit, ref: string): Promise<Change<undefined>> {
  const { before, due } = await lockScheduleAndDue(edit, ref)
  const decidedUntil = await settleOverdue(edit, before.id, due, await compiledBefore(edit, before))
  await resetDue(edit.tx, edit.tenantId, before.id, null, decidedUntil)
  await cancelBackfillsOf(edit.tx, edit.tenantId, before.id)
  await deleteObject(edit, SCHEDULE, before)
  return { answer: undefined, object: { kind: 'schedule', id: before.id }, before: bodyOf(SCHEDULE, before), after: null }
}

/** Enough for a minute-by-minute schedule of two months; more than that is more often a slip than a wish. */
const MOST_BACKFILLED = 100_000

export async function createBackfill(edit: Edit, ref: string, body: BackfillCreate): Promise<Change<BackfillRow>> {
  const schedule = await schedules.hold(edit.tx, edit.tenantId, ref)
  if (!schedule) throw noSuch('schedule')
  const { fromAt, toAt, perMinute = 60, params = {} } = body
  if (fromAt >= toAt) throw invalid('/body/toAt', 'must be after fromAt')
  if (toAt > (await edit.tx.now())) throw invalid('/body/toAt', 'must not lie in the future: live fires see to what comes')
  if (schedule.timing.kind === 'MANUAL' || schedule.timing.kind === 'FIXED_DELAY')
    throw new CarillonError('STATE_CONFLICT', `A schedule of the kind ${schedule.timing.kind} has no fires in the past to run.`)
  const { compiled } = await compiledBefore(edit, schedule)
  if (occurrencesBetween(compiled, fromAt, toAt, MOST_BACKFILLED + 1).length > MOST_BACKFILLED)
    throw invalid('/body/fromAt', `spans more than ${MOST_BACKFILLED} occurrences up to toAt; backfill it in parts`)
  const target = await holdTarget(edit, schedule)
  await checkParams(edit, target, { ...schedule.params, ...params })
  const input = { scheduleId: schedule.id, fromAt, toAt, perMinute, params, createdBy: edit.principal }
  const row = await insertBackfill(edit.tx, edit.tenantId, input)
  return { answer: row, object: { kind: 'backfill', id: row.id }, before: null, after: { schedule: schedule.code, ...row } }
}

export async function cancelBackfill(edit: Edit, ref: string, id: number): Promise<Change<BackfillRow>> {
  const schedule = await schedules.find(edit.tx, edit.tenantId, ref)
  if (!schedule) throw noSuch('schedule')
  const before = await lockBackfill(edit.tx, edit.tenantId, schedule.id, id)
  if (!before) throw noSuch('backfill')
  if (before.state !== 'RUNNING') throw new CarillonError('STATE_CONFLICT', `The backfill has already ended: ${before.state}.`)
  const row = await cancelBackfillRow(edit.tx, edit.tenantId, id)
  return { answer: row, object: { kind: 'backfill', id }, before, after: row }
}

/** The calendars that a request names, held. */
export async function holdCalendars(edit: Edit, uses: NonNullable<ScheduleCreate['calendars']>): Promise<CalendarUse[]> {
  const held: CalendarUse[] = []
  for (const [index, { calendar: ref, mode }] of uses.entries()) {
    const path = `/body/calendars/${index}/calendar`
    const calendar = await holdReference(edit, calendars, ref, path, 'calendar')
    if (held.some((use) => use.calendar.id === calendar.id))
      throw invalid(path, `names the calendar ${calendar.code} a second time`)
    held.push({ mode, calendar })
  }
  return held
}

const useOfRef = ({ calendarId, mode }: CalendarRef) => ({ calendarId, mode })
const byCalendar = (a: { calendarId: number }, b: { calendarId: number }) => a.calendarId - b.calendarId
const useRow = ({ mode, calendar }: CalendarUse) => ({ calendarId: calendar.id, mode })

/** The calendars that a schedule uses already, or used in an earlier revision. */
async function calendarsOf(edit: Edit, refs: readonly CalendarRef[]): Promise<CalendarUse[]> {
  const held: CalendarUse[] = []
  for (const { calendarId, code, mode } of refs) {
    const calendar: CalendarRow | undefined = await calendars.hold(edit.tx, edit.tenantId, String(calendarId))
    if (!calendar)
      throw new CarillonError('STATE_CONFLICT', `The calendar ${code}, which this revision uses, has been deleted since.`)
    held.push({ mode, calendar })
  }
  return held
}

/** Firing holds the due row while it decides: it is locked first, so that no edit comes between a decision and its ledger row. */
async function lockScheduleAndDue(edit: Edit, ref: string): Promise<{ before: ScheduleRow; due: DueMark }> {
  const seen = await schedules.find(edit.tx, edit.tenantId, ref)
  const due = seen && (await lockDue(edit.tx, edit.tenantId, seen.id))
  if (!due) throw noSuch('schedule')
  return { before: await lockObject(edit, SCHEDULE, String(seen.id)), due }
}

async function rewrite(
  edit: ScheduleEdit,
  operation: string,
  before: ScheduleRow,
  due: DueMark,
  fields: ScheduleFields,
  uses: readonly CalendarUse[],
): Promise<Change<ScheduleRow>> {
  const compiled = compileTiming(fields, uses)
  const target = await holdTarget(edit, fields)
  await checkParams(edit, target, fields.params)
  // Before its calendars change: what is overdue was due under the old ones.
  const columns = columnsOnly(fields)
  const sameCalendars = isDeepStrictEqual(before.calendars.map(useOfRef), uses.map(useRow).sort(byCalendar))
  if (sameCalendars && isUnchanged(SCHEDULE, before, columns)) return changed(before, before)
  if (!sameTimes(before, fields)) assertFires(compiled, await edit.tx.now())
  if (movesFires(before, fields)) await restart(edit, before, due, compiled)
  await replaceCalendars(edit.tx, edit.tenantId, before.id, uses.map(useRow))
  return changed(before, await writeObject(edit, SCHEDULE, operation, before, columns))
}

function changed(before: ScheduleRow, after: ScheduleRow): Change<ScheduleRow> {
  return {
    answer: after,
    object: { kind: 'schedule', id: after.id },
    before: bodyOf(SCHEDULE, before),
    after: bodyOf(SCHEDULE, after),
  }
}

/** Only an edit of when it fires touches where it stands: a new label must not drop a backlog that is being worked off. */
function movesFires(before: ScheduleRow, after: ScheduleFields): boolean {
  return !sameTimes(before, after) || before.jitterMs !== after.jitterMs || (before.paused && !after.paused)
}

function sameTimes(before: ScheduleFields, after: ScheduleFields): boolean {
  const times = ({ timing, startAt, endAt }: ScheduleFields) => [timing, startAt, endAt]
  return isDeepStrictEqual(times(before), times(after))
}

/** From the first occurrence after now, and after whatever has been decided: an edit never fires the past, and nothing twice. */
async function restart(edit: ScheduleEdit, before: ScheduleRow, due: DueMark, schedule: CompiledSchedule): Promise<void> {
  const now = await edit.tx.now()
  const decidedUntil = await settleOverdue(edit, before.id, due, await compiledBefore(edit, before))
  const state = firstState(schedule, before.id, Math.max(now, due.decidedUntil ?? now))
  await resetDue(edit.tx, edit.tenantId, before.id, state, decidedUntil)
}

async function restartIfOverdue(
  edit: ScheduleEdit,
  before: ScheduleRow,
  due: DueMark,
  schedule: CompiledSchedule,
): Promise<void> {
  const now = await edit.tx.now()
  if (due.nextFireAt === null || due.nextFireAt <= now) await restart(edit, before, due, schedule)
}

async function compiledBefore(edit: Edit, before: ScheduleRow): Promise<{ compiled: CompiledSchedule; paused: boolean }> {
  return { compiled: compileTiming(before, await calendarsOf(edit, before.calendars)), paused: before.paused }
}

function fieldsOf(row: ScheduleRow): ScheduleFields {
  return columnsOnly(bodyOf(SCHEDULE, row))
}

function columnsOnly(fields: ScheduleFields): ScheduleFields {
  const { calendars: _, ...columns } = fields as ScheduleFields & { calendars?: unknown }
  return columns
}

/** What a schedule fires, held, with the plans that its runs may get. */
interface ScheduleTarget {
  readonly kind: ScheduleFields['targetKind']
  readonly id: number
  readonly planIds: readonly number[]
}

async function targetOf(edit: Edit, { task, dag }: Pick<ScheduleCreate, 'task' | 'dag'>): Promise<ScheduleTarget> {
  if ((task === undefined) === (dag === undefined)) throw invalid('/body', 'must name what it fires: either task or dag')
  if (dag !== undefined) return dagTarget(edit, (await holdReference(edit, dags, dag, '/body/dag', 'DAG')).id)
  const { id, planId } = await holdReference(edit, tasks, task!, '/body/task', 'task')
  return { kind: 'TASK', id, planIds: [planId] }
}

async function holdTarget(edit: Edit, { targetKind, targetId }: ScheduleFields): Promise<ScheduleTarget> {
  const { tx, tenantId } = edit
  if (targetKind === 'DAG' && (await dags.hold(tx, tenantId, String(targetId)))) return dagTarget(edit, targetId)
  const task = targetKind === 'TASK' ? await tasks.hold(tx, tenantId, String(targetId)) : undefined
  if (!task) throw new CarillonError('STATE_CONFLICT', 'What this schedule fires has been deleted.')
  return { kind: 'TASK', id: targetId, planIds: [task.planId] }
}

/** While no version of it is active there is nothing to check against, and its fires are recorded as skipped. */
async function dagTarget({ tx, tenantId }: Edit, id: number): Promise<ScheduleTarget> {
  const [dag] = await selectStartableDags(tx, [{ tenantId, id }])
  return { kind: 'DAG', id, planIds: [dag?.planId, dag?.grayPlanId].filter((planId) => typeof planId === 'number') }
}

/** Nobody adds parameters to a fire, so those of the task or DAG and the schedule together must be complete. */
async function checkParams(edit: Edit, target: ScheduleTarget, params: Record<string, unknown>): Promise<void> {
  const plans = await findPlans(edit.tx, edit.tenantId, target.planIds)
  for (const plan of plans.values()) {
    const { params: defaults, paramsSchema } = plan.dag ?? plan.nodes[0]!
    const merged = { ...defaults, ...params }
    assertParamsSize(merged, edit.limits.paramsBytes)
    const problems = [...referenceProblems(params, '/body/params'), ...paramsProblems(paramsSchema, merged, '/body/params')]
    if (problems.length > 0) throw invalidFields(problems)
    const beside = plan.dag ? [] : secretsBeside(plan.nodes[0]!, params)
    const refusal = (await judgeOverrides(edit.tx, edit, beside))(beside)
    if (refusal) throw refusal
  }
}
