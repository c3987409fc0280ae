import { civilDate, DAY, daysInMonth, epochDay, weekdayOf } from './civil.ts'
import { zoneOf, type Zone } from './zone.ts'

/** A named set of local days, such as holidays, trading days or working days with their make-up days. */
export interface Calendar {
  readonly code: string
  readonly timezone: string
  /** Days that belong: 'YYYY-MM-DD', local. */
  readonly days: ReadonlySet<string>
  /** Whole weekdays that belong: 1 = Monday … 7 = Sunday. */
  readonly weekdays: readonly number[]
  /** Days that do not belong although `days` or `weekdays` say so. */
  readonly exceptDays: ReadonlySet<string>
}

/** INCLUDE: fires only on the days that belong. EXCLUDE: never on them. */
export interface CalendarUse {
  readonly mode: 'INCLUDE' | 'EXCLUDE'
  readonly calendar: Calendar
}

/** Which calendar forbids an occurrence. */
export interface Exclusion {
  readonly calendar: string
  readonly mode: 'INCLUDE' | 'EXCLUDE'
}

/** A calendar use ready to be asked. */
export interface CompiledCalendar {
  readonly exclusion: Exclusion
  readonly zone: Zone
  /** Epoch days. */
  readonly days: ReadonlySet<number>
  readonly exceptDays: ReadonlySet<number>
  /** By `weekdayOf`. */
  readonly weekdays: readonly boolean[]
}

/** What the calendars say about an instant, and until when (exclusive) they surely say the same. */
export interface CalendarVerdict {
  readonly excluded: Exclusion | null
  readonly until: number
}

export const MOST_CALENDAR_DAYS = 20_000

/** The calendar ready for use, or what is wrong with it. */
export function compileCalendar({ mode, calendar }: CalendarUse): CompiledCalendar | string {
  const zone = zoneOf(calendar.timezone)
  if (zone === null) return `calendar ${calendar.code}: unknown timezone "${calendar.timezone}"`
  if (calendar.days.size + calendar.exceptDays.size > MOST_CALENDAR_DAYS) {
    return `calendar ${calendar.code} has more than ${MOST_CALENDAR_DAYS} days`
  }
  const weekday = calendar.weekdays.find((each) => !Number.isInteger(each) || each < 1 || each > 7)
  if (weekday !== undefined) return `calendar ${calendar.code}: weekday ${weekday} is not one of 1 (Monday) to 7 (Sunday)`
  const wrong = [...calendar.days, ...calendar.exceptDays].find((day) => parseDay(day) === null)
  if (wrong !== undefined) return `calendar ${calendar.code}: "${wrong}" is not a day; write YYYY-MM-DD`
  return {
    exclusion: { calendar: calendar.code, mode },
    zone,
    days: epochDays(calendar.days),
    exceptDays: epochDays(calendar.exceptDays),
    weekdays: Array.from({ length: 7 }, (_, sunday0) => calendar.weekdays.includes(sunday0 === 0 ? 7 : sunday0)),
  }
}

function epochDays(days: ReadonlySet<string>): ReadonlySet<number> {
  return new Set([...days].map((day) => parseDay(day)!))
}

function parseDay(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (match === null) return null
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) ? epochDay(year, month, day) : null
}

/** Asks every calendar about an instant. */
export function calendarVerdict(calendars: readonly CompiledCalendar[], instant: number): CalendarVerdict {
  let excluded: Exclusion | null = null
  let until = Infinity
  for (const calendar of calendars) {
    const segment = calendar.zone.segmentAt(instant)
    const day = Math.floor((instant + segment.offset) / DAY)
    const forbids = belongs(calendar, day) === (calendar.exclusion.mode === 'EXCLUDE')
    if (forbids) excluded ??= calendar.exclusion
    until = Math.min(until, (day + 1) * DAY - segment.offset, segment.until)
  }
  return { excluded, until }
}

function belongs(calendar: CompiledCalendar, day: number): boolean {
  return !calendar.exceptDays.has(day) && (calendar.days.has(day) || calendar.weekdays[weekdayOf(day)]!)
}

/** 'YYYY-MM-DD' of an epoch day. */
export function formatDay(day: number): string {
  const date = civilDate(day)
  return `${String(date.year).padStart(4, '0')}-${String(date.month).padStart(2, '0')}-${String(date.day).padStart(2, '0')}`
}
