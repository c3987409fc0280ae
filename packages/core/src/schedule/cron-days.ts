import { didYouMean, parseNumbers, parseValue, splitSpan, type Field, type Report, type Span } from './cron-field.ts'

/** The day-of-month field, unless it is `*` or `?`. A day that a month does not have is skipped in that month, never moved. */
export interface DaysOfMonth {
  /** 1-31 */
  readonly days: readonly number[]
  /** Days before the last one: `L` is 0, `L-3` is 3. */
  readonly beforeLast: readonly number[]
  /** `15W`: the weekday (Monday to Friday) nearest to the 15th within its month. */
  readonly nearestWeekday: readonly number[]
  /** `LW` is 0, `L-3W` is 3: the weekday nearest to that day before the last. */
  readonly nearestWeekdayBeforeLast: readonly number[]
}

/** The day-of-week field, unless it is `*` or `?`. Weekdays are 0 = Sunday … 6 = Saturday here, however they were written. */
export interface DaysOfWeek {
  readonly weekdays: readonly number[]
  /** `FRIL`: the last Friday of the month. */
  readonly last: readonly number[]
  /** `FRI#3`: the third Friday of the month; skipped in a month that has none. */
  readonly nth: readonly { readonly weekday: number; readonly n: number }[]
}

/** Parses the day-of-month field; null once a problem is reported. */
export function parseDaysOfMonth(span: Span, field: Field, report: Report): DaysOfMonth | null {
  const found = { days: [], beforeLast: [], nearestWeekday: [], nearestWeekdayBeforeLast: [] } as {
    [K in keyof DaysOfMonth]: number[]
  }
  for (const item of splitSpan(span, ',')) {
    const fromEnd = /^L(?:-(\d+))?(W?)$/.exec(item.text)
    const nearest = /^(\d+)W$/.exec(item.text)
    if (fromEnd !== null) {
      const before = parseBeforeLast(item, fromEnd[1] ?? '0', report)
      if (before === null) return null
      found[fromEnd[2] === 'W' ? 'nearestWeekdayBeforeLast' : 'beforeLast'].push(before)
    } else if (nearest !== null) {
      const day = parseValue({ text: nearest[1]!, at: item.at }, field, report)
      if (day === null) return null
      found.nearestWeekday.push(day)
    } else {
      const days = parseNumbers(item, field, report)
      if (days === null) return null
      found.days.push(...days)
    }
  }
  return {
    days: ascending(found.days),
    beforeLast: ascending(found.beforeLast),
    nearestWeekday: ascending(found.nearestWeekday),
    nearestWeekdayBeforeLast: ascending(found.nearestWeekdayBeforeLast),
  }
}

function parseBeforeLast(item: Span, digits: string, report: Report): number | null {
  const before = Number(digits)
  if (before <= 30) return before
  return report(item, `no month has a day ${digits} days before its last`, 'use L-1 to L-30')
}

/** Parses the day-of-week field of either form; null once a problem is reported. */
export function parseDaysOfWeek(span: Span, field: Field, report: Report): DaysOfWeek | null {
  const found = { weekdays: [] as number[], last: [] as number[], nth: [] as { weekday: number; n: number }[] }
  // 1 is Sunday in the Quartz form, 0 (and 7) in the Unix form.
  const weekday = (value: number) => (value - field.firstName) % 7
  for (const item of splitSpan(span, ',')) {
    const [day, nth, ...more] = splitSpan(item, '#')
    if (day !== undefined && nth !== undefined && more.length === 0) {
      const value = parseValue(day, field, report)
      const n = value === null ? null : parseNth(nth, report)
      if (value === null || n === null) return null
      found.nth.push({ weekday: weekday(value), n })
    } else if (/^.+L$/.test(item.text)) {
      const value = parseValue({ text: item.text.slice(0, -1), at: item.at }, field, report)
      if (value === null) return null
      found.last.push(weekday(value))
    } else {
      const values = item.text === 'L' ? lastOfWeek(item, field, report) : parseNumbers(item, field, report)
      if (values === null) return null
      found.weekdays.push(...values.map(weekday))
    }
  }
  const nth = found.nth.sort((a, b) => a.weekday - b.weekday || a.n - b.n)
  return { weekdays: ascending(found.weekdays), last: ascending(found.last), nth }
}

function parseNth(span: Span, report: Report): number | null {
  if (/^[1-5]$/.test(span.text)) return Number(span.text)
  return report(span, `"#${span.text}" is not a week of the month`, 'use #1 to #5, or L for the last, as in FRIL')
}

// A lone L is Saturday, the last day of the Quartz week. The Unix week has no agreed last day.
function lastOfWeek(item: Span, field: Field, report: Report): readonly number[] | null {
  if (field.firstName === 1) return [field.max]
  return report(item, 'a lone "L" names no day of the week in the Unix form', didYouMean('SAT'))
}

export function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
