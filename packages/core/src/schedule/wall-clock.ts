import type { Cron } from './cron.ts'
import { civilDate, DAY, daysInMonth, epochDay, SECOND, weekdayOf } from './civil.ts'

/** A Cron as lookup tables: "the first value from here on" is one array read. */
export interface CronTables {
  readonly cron: Cron
  readonly nextSecond: Int8Array
  readonly nextMinute: Int8Array
  readonly nextHour: Int8Array
  readonly nextMonth: Int8Array
  /** Seconds into a minute, into an hour and into a day of the first match. */
  readonly firstInMinute: number
  readonly firstInHour: number
  readonly firstInDay: number
  /** The days of a month that its weekday rules choose, by the weekday of the 1st: bit 0 is the 1st. All days if unrestricted. */
  readonly weekdayMasks: readonly number[]
  /** The listed days: bit 0 is the 1st. */
  readonly dayMask: number
}

const NONE = -1

// The sparsest day that does come is the fifth weekday of a February (29 Feb 2072 to 29 Feb 2112, past the missing leap day of 2100).
const YEARS_SEARCHED = 48

export function cronTables(cron: Cron): CronTables {
  const firstInMinute = cron.seconds[0]!
  const firstInHour = cron.minutes[0]! * 60 + firstInMinute
  return {
    cron,
    nextSecond: nextTable(cron.seconds, 60),
    nextMinute: nextTable(cron.minutes, 60),
    nextHour: nextTable(cron.hours, 24),
    nextMonth: nextTable(cron.months, 13),
    firstInMinute,
    firstInHour,
    firstInDay: cron.hours[0]! * 3_600 + firstInHour,
    weekdayMasks: Array.from({ length: 7 }, (_, first) => weekdayMask(cron.daysOfWeek?.weekdays ?? [], first)),
    dayMask: bits(cron.daysOfMonth?.days ?? []),
  }
}

// table[v] is the first value >= v, or NONE; one entry past the end, so that "after the last" needs no check.
function nextTable(values: readonly number[], size: number): Int8Array {
  return Int8Array.from({ length: size + 1 }, (_, from) => values.find((value) => value >= from) ?? NONE)
}

function bits(days: readonly number[]): number {
  return days.reduce((mask, day) => mask | (1 << (day - 1)), 0)
}

function weekdayMask(weekdays: readonly number[], firstWeekday: number): number {
  const days = Array.from({ length: 31 }, (_, index) => index + 1)
  return bits(days.filter((day) => weekdays.includes((firstWeekday + day - 1) % 7)))
}

/**
 * The first local time (wall milliseconds, see civil.ts) at or after `from` that matches, or null if none comes in the next 48 years
 * that the expression allows.
 */
export function nextWall(tables: CronTables, from: number): number | null {
  const second = Math.ceil(from / SECOND)
  const today = Math.floor(second / 86_400)
  const day = nextDay(tables, today)
  if (day === null) return null
  if (day > today) return day * DAY + tables.firstInDay * SECOND
  const time = nextTimeOfDay(tables, second - today * 86_400)
  if (time !== NONE) return today * DAY + time * SECOND
  const later = nextDay(tables, today + 1)
  return later === null ? null : later * DAY + tables.firstInDay * SECOND
}

/** The first matching second of the day from `second` on, or NONE. */
function nextTimeOfDay(tables: CronTables, second: number): number {
  const hour = Math.floor(second / 3_600)
  if (tables.nextHour[hour] === hour) {
    const time = nextTimeOfHour(tables, second - hour * 3_600)
    if (time !== NONE) return hour * 3_600 + time
  }
  const later = tables.nextHour[hour + 1]!
  return later === NONE ? NONE : later * 3_600 + tables.firstInHour
}

function nextTimeOfHour(tables: CronTables, second: number): number {
  const minute = Math.floor(second / 60)
  if (tables.nextMinute[minute] === minute) {
    const time = tables.nextSecond[second - minute * 60]!
    if (time !== NONE) return minute * 60 + time
  }
  const later = tables.nextMinute[minute + 1]!
  return later === NONE ? NONE : later * 60 + tables.firstInMinute
}

/** The first matching epoch day from `from` on. */
function nextDay(tables: CronTables, from: number): number | null {
  let { year, month, day } = civilDate(from)
  for (let searched = 0; searched < YEARS_SEARCHED; searched++) {
    const allowed = nextYear(tables.cron.years, year)
    if (allowed === null) return null
    if (allowed > year) [year, month, day] = [allowed, 1, 1]
    const found = nextDayOfYear(tables, year, month, day)
    if (found !== null) return found
    ;[year, month, day] = [year + 1, 1, 1]
  }
  return null
}

function nextYear(years: readonly number[] | null, from: number): number | null {
  return years === null ? from : (years.find((year) => year >= from) ?? null)
}

function nextDayOfYear(tables: CronTables, year: number, fromMonth: number, fromDay: number): number | null {
  for (let month = tables.nextMonth[fromMonth]!; month !== NONE; month = tables.nextMonth[month + 1]!) {
    const firstDay = month === fromMonth ? fromDay : 1
    const days = daysOfMonth(tables, year, month) >>> (firstDay - 1)
    if (days !== 0) return epochDay(year, month, firstDay + trailingZeros(days))
  }
  return null
}

function trailingZeros(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** The matching days of one month: bit 0 is the 1st. */
function daysOfMonth(tables: CronTables, year: number, month: number): number {
  const { daysOfMonth, daysOfWeek } = tables.cron
  const length = daysInMonth(year, month)
  const all = 2 ** length - 1
  if (daysOfMonth === null && daysOfWeek === null) return all
  const firstWeekday = weekdayOf(epochDay(year, month, 1))
  return (byDay(tables, length, firstWeekday) | byWeekday(tables, length, firstWeekday)) & all
}

function byDay(tables: CronTables, length: number, firstWeekday: number): number {
  const rule = tables.cron.daysOfMonth
  if (rule === null) return 0
  let mask = tables.dayMask
  for (const before of rule.beforeLast) mask |= bit(length - before)
  for (const day of rule.nearestWeekday) mask |= bit(nearestWeekday(day, length, firstWeekday))
  for (const before of rule.nearestWeekdayBeforeLast) mask |= bit(nearestWeekday(length - before, length, firstWeekday))
  return mask
}

function byWeekday(tables: CronTables, length: number, firstWeekday: number): number {
  const rule = tables.cron.daysOfWeek
  if (rule === null) return 0
  let mask = tables.weekdayMasks[firstWeekday]!
  for (const weekday of rule.last) mask |= bit(length - ((firstWeekday + length - 1 - weekday + 7) % 7))
  for (const { weekday, n } of rule.nth) mask |= bit(1 + ((weekday - firstWeekday + 7) % 7) + (n - 1) * 7)
  return mask
}

/** No bit for a day that the month does not have. */
function bit(day: number): number {
  return day < 1 || day > 31 ? 0 : 1 << (day - 1)
}

/** The weekday nearest to `day`, in the same month; a day that the month does not have stays so. */
function nearestWeekday(day: number, length: number, firstWeekday: number): number {
  if (day < 1 || day > length) return 0
  const weekday = (firstWeekday + day - 1) % 7
  if (weekday === 6) return day === 1 ? 3 : day - 1
  if (weekday === 0) return day === length ? day - 2 : day + 1
  return day
}
