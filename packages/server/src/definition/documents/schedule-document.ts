import type { ScheduleDocument } from '@carillon/contract'
import { schedules, type ScheduleFields, type ScheduleRow } from '../../storage/schedule.ts'
import { invalid } from '../invalid.ts'
import { createSchedule, pauseSchedule, resumeSchedule, updateSchedule } from '../schedule.ts'
import { differences } from './differences.ts'
import { documentKind } from './document-kind.ts'

export const scheduleDocuments = documentKind<ScheduleDocument, ScheduleRow, ScheduleFields>({
  kind: 'Schedule',
  table: schedules,
  defaults: () => ({
    ...{ name: '', description: '', startAt: null, endAt: null, jitterMs: 0, misfire: null },
    ...{ params: {}, priority: null, paused: false, labels: {}, calendars: [] },
  }),
  switches: ['paused'],
  documentsOf: async (_tx, _tenantId, rows) => rows.map(documentOf),
  settle: (wanted, before) => ({
    ...wanted,
    timing: settledTiming(wanted.timing, before?.timing),
    calendars: byCode(wanted.calendars ?? []),
  }),
  create: (edit, { kind: _, ...body }) => createSchedule(edit, body),
  async update(edit, row, { kind: _, task, dag, paused, ...body }, before) {
    const named = dag === undefined ? (['task', task, before.task] as const) : (['dag', dag, before.dag] as const)
    const [noun, wanted, present] = named
    if (wanted !== present)
      throw invalid(
        `/body/${noun}`,
        `names another ${noun} than ${before.task ?? before.dag}; a schedule keeps its ${noun}. Make a new one and delete this`,
      )
    const { code } = await updatedIfNeeded()
    if (paused === row.paused) return
    await (paused ? pauseSchedule(edit, code, undefined) : resumeSchedule(edit, code))

    async function updatedIfNeeded(): Promise<{ code: string }> {
      const { kind: __, task: ___, dag: ____, paused: _____, ...present } = before
      if (differences(present, body).length === 0) return row
      return (await updateSchedule(edit, row.code, { version: row.version, ...body })).answer
    }
  },
})

type Timing = ScheduleDocument['timing']

/** What a timing leaves out: of a rate, the instant it counts from stays as it is. */
function settledTiming(timing: Timing, before: Timing | undefined): Timing {
  if (timing.kind === 'CRON') return { ...timing, dst: timing.dst ?? 'DEFAULT' }
  if (timing.kind !== 'FIXED_RATE' || timing.anchorAt !== undefined) return timing
  return before?.kind === 'FIXED_RATE' && before.anchorAt !== undefined ? { ...timing, anchorAt: before.anchorAt } : timing
}

function documentOf(row: ScheduleRow): ScheduleDocument {
  const target = { [row.targetKind === 'TASK' ? 'task' : 'dag']: row.targetCode }
  const { code, name, description, timing, startAt, endAt, jitterMs, misfire, params, priority, paused, labels } = row
  return {
    ...{ kind: 'Schedule', code, name, description, ...target, timing, startAt, endAt, jitterMs, misfire },
    ...{ params, priority, paused, labels },
    calendars: byCode(row.calendars.map((use) => ({ calendar: use.code, mode: use.mode }))),
  } as ScheduleDocument
}

function byCode<Use extends { readonly calendar: string }>(uses: readonly Use[]): Use[] {
  return uses.toSorted((a, b) => (a.calendar < b.calendar ? -1 : 1))
}
