import type { ScheduleDocument } from '@carillon/contract'
import { compileSchedule, neverFiresAfter, type ScheduleTiming } from '@carillon/core'
import type { Findings } from './findings.ts'
import type { XxlJob } from './xxl-tables.ts'

export type PlannedSchedule = Required<Pick<ScheduleDocument, 'timing' | 'misfire'>>

/** When a job fires; null: only by hand, or by a parent. What cannot be carried over has been noted then. */
export function scheduleOf(job: XxlJob, timezone: string, now: number, findings: Findings): PlannedSchedule | null {
  if (job.scheduleType === 'NONE') return null
  const timing = timingOf(job, timezone)
  const wrong = typeof timing === 'string' ? timing : whyNot(timing, now)
  if (wrong === null) return { timing: timing as PlannedSchedule['timing'], misfire: { policy: misfireOf(job, findings) } }
  findings.add('LEFT_OUT', `Its schedule (${job.scheduleType} "${job.scheduleConf}"): ${wrong}`, job.id)
  return null
}

function timingOf({ scheduleType, scheduleConf, nextAt }: XxlJob, timezone: string): PlannedSchedule['timing'] | string {
  switch (scheduleType) {
    case 'CRON': {
      // Quartz's grammar alone: with five fields or a macro ours means something, and xxl-job's does not.
      const fields = scheduleConf.split(/\s+/).length
      if (fields !== 6 && fields !== 7) return `${fields} fields, where xxl-job takes 6 or 7`
      return { kind: 'CRON', expression: scheduleConf, timezone }
    }
    case 'FIX_RATE': {
      if (!/^[1-9]\d{0,9}$/.test(scheduleConf)) return 'not a number of seconds'
      const everyMs = Number(scheduleConf) * 1_000
      // It goes on in the same beat, counted from the first one since 1970: the same whenever the database is read.
      const beat = nextAt === null ? {} : { anchorAt: (Math.floor(nextAt / 1_000) * 1_000) % everyMs }
      return { kind: 'FIXED_RATE', everyMs, ...beat }
    }
    default:
      return 'a type of schedule that is not known'
  }
}

function whyNot(timing: PlannedSchedule['timing'], now: number): string | null {
  const complete = timing.kind === 'CRON' ? { dst: 'DEFAULT' as const, ...timing } : { anchorAt: 0, ...timing }
  const spec = { timing: complete as ScheduleTiming, startAt: null, endAt: null, jitterMs: 0, calendars: [] }
  const compiled = compileSchedule(spec)
  if (!compiled.ok) return compiled.problems.map(({ message }) => message).join('; ')
  return neverFiresAfter(compiled.schedule, now)?.message ?? null
}

function misfireOf({ id, misfire }: XxlJob, findings: Findings): 'SKIP' | 'FIRE_ONCE' {
  if (misfire === 'FIRE_ONCE_NOW') return 'FIRE_ONCE'
  if (misfire !== 'DO_NOTHING')
    findings.add('DIFFERS', `Its misfire strategy ${misfire} is not known: missed fires are skipped`, id)
  return 'SKIP'
}

/** Why this is no time zone; null: it is one. */
export function whyNoZone(timezone: string): string | null {
  const timing = { kind: 'CRON', expression: '0 0 0 * * ?', timezone, dst: 'DEFAULT' } as const
  const compiled = compileSchedule({ timing, startAt: null, endAt: null, jitterMs: 0, calendars: [] })
  return compiled.ok ? null : compiled.problems[0]!.message
}
