import { ascending, parseDaysOfMonth, parseDaysOfWeek, type DaysOfMonth, type DaysOfWeek } from './cron-days.ts'
import { closest } from './closest.ts'
import {
  didYouMean,
  field,
  MONTHS,
  parseNumbers,
  splitSpan,
  type CronProblem,
  type Field,
  type Report,
  type Span,
} from './cron-field.ts'
import { WEEKDAYS } from './civil.ts'

// The dialect.
//
//   5 fields, the Unix form:              minute hour day-of-month month day-of-week
//   6 and 7 fields, the Quartz form: second minute hour day-of-month month day-of-week [year]
//
// Both forms know * , - / names (any case) and the Quartz day words ? L W LW L-3 15W 6L 6#3; ranges may go round the end (22-2,
// FRI-MON), years excepted. They differ in two points only:
//  - numeric weekdays are 1-7 from Sunday in the Quartz form, 0-7 (0 and 7 Sunday) in the Unix form;
//  - when both day fields are restricted, the Quartz form is refused, and in the Unix form a day matches if either field does.
// A day field is unrestricted if it is `*` or `?`; a step restricts it. `*` in both is every day in both forms.

/** A parsed expression: what it says, as sorted values. Nothing in it depends on a zone. */
export interface Cron {
  /** The expression in capitals, macros written out, one space between fields. Parsing it again gives an equal Cron. */
  readonly expression: string
  readonly form: 'UNIX' | 'QUARTZ'
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** Null: unrestricted. If both are restricted (the Unix form only) a day matches if either does. */
  readonly daysOfMonth: DaysOfMonth | null
  readonly daysOfWeek: DaysOfWeek | null
  readonly months: readonly number[]
  /** Null: every year. */
  readonly years: readonly number[] | null
  /**
   * Whether hour and minute are plain values or lists of them: a fixed local time, which a DST policy applies to. An expression with
   * `*`, a range or a step in either is a pattern of intervals, which follows real time. (Vixie cron draws the same line at `*`.)
   */
  readonly fixedTime: boolean
}

export type ParsedCron = { readonly ok: true; readonly cron: Cron } | { readonly ok: false; readonly problem: CronProblem }

export const LONGEST_EXPRESSION = 256

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const SECOND = field('second', 0, 59)
const MINUTE = field('minute', 0, 59)
const HOUR = field('hour', 0, 23)
const DAY_OF_MONTH = field('day of month', 1, 31)
const MONTH = field('month', 1, 12, { names: MONTHS })
const UNIX_WEEKDAY = field('day of week', 0, 7, { names: WEEKDAYS, lastOfCycle: 6 })
const QUARTZ_WEEKDAY = field('day of week', 1, 7, { names: WEEKDAYS })
const YEAR = field('year', 1970, 2099, { wraps: false })

/**
 * Parses an expression of the dialect described at the top of this file.
 *
 * @example parseCron('0 0 2 * * ?')  // { ok: true, cron: { hours: [2], … } }
 * @example parseCron('0 0 * * MOM')  // { ok: false, problem: { position: 8, length: 3, message: …, suggestion: 'did you mean "MON"?' } }
 */
export function parseCron(expression: string): ParsedCron {
  const problems: CronProblem[] = []
  const report: Report = (span, message, suggestion = null) => {
    problems.push({ position: span.at, length: span.text.length, message, suggestion })
    return null
  }
  const cron = parseExpression(expression, report)
  const [problem] = problems
  return problem === undefined ? { ok: true, cron: cron! } : { ok: false, problem }
}

// From here on a null, or an empty list, stands for something refused: what counts is the first problem reported.

function parseExpression(expression: string, report: Report): Cron | null {
  if (expression.length > LONGEST_EXPRESSION) {
    const rest = { text: expression.slice(LONGEST_EXPRESSION), at: LONGEST_EXPRESSION }
    return report(rest, `the expression is longer than ${LONGEST_EXPRESSION} characters`, 'split it into several schedules')
  }
  const fields = splitFields(expression)
  const meaning = fields[0]?.text.startsWith('@') ? macroMeaning(fields, report) : fields
  return meaning === null ? null : parseFields(meaning, report)
}

function splitFields(expression: string): readonly Span[] {
  return Array.from(expression.matchAll(/\S+/g), (match) => ({ text: asciiUpperCase(match[0]), at: match.index }))
}

// The full toUpperCase makes two letters of some, and positions would be wrong.
function asciiUpperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
}

function macroMeaning(fields: readonly Span[], report: Report): readonly Span[] | null {
  const [macro, extra] = fields as [Span, Span?]
  const name = macro.text.toLowerCase()
  const meaning = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined
  if (name === '@every') return report(macro, '@every is not cron', 'use a fixed rate instead of cron')
  if (meaning === undefined) {
    const meant = closest(name, Object.keys(MACROS))
    const suggestion = meant === null ? `use one of ${Object.keys(MACROS).join(', ')}` : didYouMean(meant)
    return report(macro, `"${name}" is not a macro`, suggestion)
  }
  if (extra !== undefined) return report(extra, `nothing may follow ${name}`, didYouMean(name))
  return splitFields(meaning)
}

function parseFields(fields: readonly Span[], report: Report): Cron | null {
  if (fields.length < 5 || fields.length > 7) return refuseFieldCount(fields, report)
  const unix = fields.length === 5
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year] = (unix ? [ON_THE_MINUTE, ...fields] : fields) as QuartzFields
  const cron: Cron = {
    expression: fields.map((span) => span.text).join(' '),
    form: unix ? 'UNIX' : 'QUARTZ',
    seconds: parseList(second, SECOND, report),
    minutes: parseList(minute, MINUTE, report),
    hours: parseList(hour, HOUR, report),
    daysOfMonth: isOpen(dayOfMonth) ? null : parseDaysOfMonth(dayOfMonth, DAY_OF_MONTH, report),
    months: parseList(month, MONTH, report),
    daysOfWeek: isOpen(dayOfWeek) ? null : parseDaysOfWeek(dayOfWeek, unix ? UNIX_WEEKDAY : QUARTZ_WEEKDAY, report),
    years: year === undefined || year.text === '*' ? null : parseList(year, YEAR, report),
    fixedTime: !/[*/-]/.test(minute.text + hour.text),
  }
  if (!unix) checkDayFields(fields, dayOfMonth, dayOfWeek, report)
  return cron
}

type QuartzFields = [Span, Span, Span, Span, Span, Span, Span?]
const ON_THE_MINUTE: Span = { text: '0', at: 0 }

function isOpen(dayField: Span): boolean {
  return dayField.text === '*' || dayField.text === '?'
}

function parseList(span: Span, field: Field, report: Report): readonly number[] {
  return ascending(splitSpan(span, ',').flatMap((item) => parseNumbers(item, field, report) ?? []))
}

// Quartz itself refuses both cases; the first is a guess about "and" or "or" that must not be made for the user.
function checkDayFields(fields: readonly Span[], dayOfMonth: Span, dayOfWeek: Span, report: Report): void {
  const rewritten = (day: string, weekday: string) =>
    fields.map((span) => (span === dayOfMonth ? day : span === dayOfWeek ? weekday : span.text)).join(' ')
  if (!isOpen(dayOfMonth) && !isOpen(dayOfWeek)) {
    const [byDay, byWeekday] = [rewritten(dayOfMonth.text, '?'), rewritten('?', dayOfWeek.text)]
    report(dayOfWeek, 'both day fields are restricted, so one of them must be "?"', `did you mean "${byDay}" or "${byWeekday}"?`)
  }
  if (dayOfMonth.text === '?' && dayOfWeek.text === '?') {
    report(dayOfWeek, '"?" may stand in one day field only', didYouMean(rewritten('*', '?')))
  }
}

function refuseFieldCount(fields: readonly Span[], report: Report): null {
  const last = fields.at(-1)
  const form = 'second minute hour day-of-month month day-of-week [year], or the last five without second and year'
  if (last === undefined) return report({ text: '', at: 0 }, 'the expression is empty', `write ${form}`)
  const extra = fields[7]
  if (extra !== undefined) return report(extra, `${fields.length} fields are too many: there are 5, 6 or 7`, `write ${form}`)
  const end = { text: '', at: last.at + last.text.length }
  const completed = [...fields.map((span) => span.text), ...Array(5 - fields.length).fill('*')].join(' ')
  const only = fields.length === 1 ? '1 field is' : `${fields.length} fields are`
  return report(end, `${only} too few: there are 5, 6 or 7`, fields.length < 2 ? `write ${form}` : didYouMean(completed))
}
