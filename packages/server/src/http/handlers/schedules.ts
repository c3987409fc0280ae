import { DEFAULT_LIMIT, type scheduleRoutes, type ScheduleView } from '@carillon/contract'
import { previewFires, whyNoFire, type CompiledSchedule } from '@carillon/core'
import { bulk } from '../../definition/bulk.ts'
import {
  cancelBackfill,
  createBackfill,
  createSchedule,
  deleteSchedule,
  holdCalendars,
  pauseSchedule,
  restoreSchedule,
  resumeSchedule,
  SCHEDULE,
  updateSchedule,
} from '../../definition/schedule.ts'
import { countFires } from '../../definition/fire-count.ts'
import { compileTiming, completeTiming } from '../../definition/timing.ts'
import { listBackfills } from '../../storage/backfill-edit.ts'
import { calendars } from '../../storage/calendar.ts'
import type { Transaction } from '../../storage/database.ts'
import { listFires } from '../../storage/fire-list.ts'
import type { ScheduleRow } from '../../storage/schedule.ts'
import type { Change } from '../../definition/edit.ts'
import type { ScheduleEdit } from '../../definition/settle-overdue.ts'
import type { Context, Handlers } from '../context.ts'
import { answering, findIn, findObject, listObjects, listRevisionsOf } from './objects.ts'

export const scheduleHandlers: Handlers<typeof scheduleRoutes> = {
  list: ({ query }, context) => listObjects(context, SCHEDULE, query, viewOf),
  create: ({ body }, context) => edited(context, (edit) => createSchedule(edit, body)),
  get: async ({ params }, context) => viewOf(await findObject(context, SCHEDULE, params.schedule)),
  update: ({ params, body }, context) => edited(context, (edit) => updateSchedule(edit, params.schedule, body)),
  remove: ({ params }, context) => changeFires(context, (edit) => deleteSchedule(edit, params.schedule)),
  pause: ({ params, body }, context) => edited(context, (edit) => pauseSchedule(edit, params.schedule, body.reason)),
  resume: ({ params }, context) => edited(context, (edit) => resumeSchedule(edit, params.schedule)),
  bulk: ({ body }, context) =>
    changeFires(context, (edit) => bulk(edit, 'schedule', body, body.schedules, bulkAction(edit, body))),
  preview: ({ params, query: { count = 10, from } }, context) =>
    context.read(async (tx) => {
      const row = await findIn(tx, context.tenantId, SCHEDULE, params.schedule)
      return preview(await compileRow(tx, context.tenantId, row), from ?? (await tx.now()), count)
    }),
  // Calendars are held for the moment of the computation: that needs no more rights than reading, but another kind of transaction.
  previewDraft: ({ body: { count = 10, from, ...draft } }, { services, tenantId, principal }) =>
    services.db.tenant(tenantId, async (tx) => {
      const now = await tx.now()
      const uses = await holdCalendars(
        { tx, tenantId, principal: principal.name, role: principal.role, limits: services.limits },
        draft.calendars ?? [],
      )
      const { startAt = null, endAt = null, jitterMs = 0 } = draft
      const schedule = compileTiming({ timing: completeTiming(draft.timing, now), startAt, endAt, jitterMs }, uses)
      return preview(schedule, from ?? now, count)
    }),
  count: async ({ params, query: { from, to } }, { read, tenantId }) =>
    countFires(
      await read(async (tx) => compileRow(tx, tenantId, await findIn(tx, tenantId, SCHEDULE, params.schedule))),
      from,
      to,
    ),
  fires: ({ params, query: { limit = DEFAULT_LIMIT, cursor, backfill = 0, ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      const { id } = await findIn(tx, tenantId, SCHEDULE, params.schedule)
      return listFires(tx, tenantId, { order: 'newest', limit, cursor, filters: { ...filters, schedule: id, backfill } })
    }),
  backfills: ({ params, query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      const { id } = await findIn(tx, tenantId, SCHEDULE, params.schedule)
      return listBackfills(tx, tenantId, { order: '-id', limit, cursor, filters: { ...filters, schedule: id } })
    }),
  createBackfill: async ({ params, body }, context) => {
    const backfill = await context.change((edit) => createBackfill(edit, params.schedule, body))
    context.services.lifecycle.wakeBackfill()
    return backfill
  },
  cancelBackfill: ({ params, body: _ }, context) =>
    context.change((edit) => cancelBackfill(edit, params.schedule, params.backfill)),
  revisions: ({ params, query }, context) => listRevisionsOf(context, SCHEDULE, params.schedule, query),
  restore: ({ params, body }, context) =>
    edited(context, (edit) => restoreSchedule(edit, params.schedule, body.version, body.revision)),
}

/** An edit may have to write the firing ledger, in days of which no piece exists yet. */
function changeFires<T>(context: Context, work: (edit: ScheduleEdit) => Promise<Change<T>>): Promise<T> {
  return context.services.days.withFireDays((requireDays) => context.change((edit) => work({ ...edit, requireDays })))
}

/** After an edit a schedule may be due sooner than firing means to look. */
async function edited(context: Context, work: (edit: ScheduleEdit) => Promise<Change<ScheduleRow>>): Promise<ScheduleView> {
  const view = await changeFires(context, (edit) => answering(work(edit), viewOf))
  context.services.lifecycle.wakeFiring()
  return view
}

function bulkAction(edit: ScheduleEdit, { action, reason }: { action: 'pause' | 'resume'; reason?: string }) {
  return (ref: string) => (action === 'pause' ? pauseSchedule(edit, ref, reason) : resumeSchedule(edit, ref))
}

async function compileRow(tx: Transaction, tenantId: number, row: ScheduleRow): Promise<CompiledSchedule> {
  const rows = await calendars.findMany(
    tx,
    tenantId,
    row.calendars.map((use) => use.calendarId),
  )
  const uses = row.calendars.flatMap(({ calendarId, mode }) => {
    const calendar = rows.find(({ id }) => id === calendarId)
    return calendar ? [{ calendar, mode }] : []
  })
  return compileTiming(row, uses)
}

/** The next fires lie strictly after `from`. */
function preview(schedule: CompiledSchedule, from: number, count: number) {
  const fires = previewFires(schedule, from + 1, count)
  return {
    fires: fires.map((fire) => ({ ...fire, excluded: fire.excluded && { ...fire.excluded } })),
    whyNone: fires.length > 0 ? null : whyNoFire(schedule, from),
  }
}

function viewOf({ targetKind, targetId, targetCode, effectiveMisfire, calendars: uses, ...row }: ScheduleRow): ScheduleView {
  const target = { id: targetId, code: targetCode }
  const view = {
    ...row,
    task: targetKind === 'TASK' ? target : null,
    dag: targetKind === 'DAG' ? target : null,
    effective: { misfire: effectiveMisfire },
    calendars: uses.map(({ calendarId, code, mode }) => ({ calendar: { id: calendarId, code }, mode })),
  }
  return view as ScheduleView
}
