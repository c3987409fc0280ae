import { closest } from './closest.ts'

/** A piece of the expression and where it stands (0-based offset of its first character). */
export interface Span {
  readonly text: string
  readonly at: number
}

/** Why an expression is refused, and where. */
export interface CronProblem {
  /** 0-based offset of the first wrong character. */
  readonly position: number
  /** How many characters are wrong; 0 where something is missing. */
  readonly length: number
  readonly message: string
  /** What to write instead, as a sentence; null where nothing sensible is near. */
  readonly suggestion: string | null
}

/** Records a problem; answers null so that a parser can `return report(…)`. */
export type Report = (span: Span, message: string, suggestion?: string | null) => null

/** What the numbers of one field may be. */
export interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  /** The last value before the field starts again: 6 for the Unix weekday, whose 7 is Sunday once more; else `max`. */
  readonly lastOfCycle: number
  /** Whether `22-2` goes round the end of the field. Years do not. */
  readonly wraps: boolean
  readonly names: readonly string[]
  /** The value of the first name. */
  readonly firstName: number
}

export const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const

export function field(name: string, min: number, max: number, more: Partial<Field> = {}): Field {
  return { name, min, max, lastOfCycle: max, wraps: true, names: [], firstName: min, ...more }
}

/** Splits at each separator, keeping positions. Never empty. */
export function splitSpan(span: Span, separator: string): readonly Span[] {
  let at = span.at
  return span.text.split(separator).map((text) => {
    const piece = { text, at }
    at += text.length + separator.length
    return piece
  })
}

/** The values of `*`, `a`, `a-b` and any of these with `/step`; null once a problem is reported. */
export function parseNumbers(item: Span, field: Field, report: Report): readonly number[] | null {
  const [base, step, ...more] = splitSpan(item, '/')
  if (base === undefined || more.length > 0) {
    return report(item, `"${item.text}" has more than one "/"`, 'write one step, as in 0/15')
  }
  const range = parseRange(base, field, step !== undefined, report)
  const every = step === undefined ? 1 : parseStep(step, field, report)
  if (range === null || every === null) return null
  return range.filter((_, index) => index % every === 0)
}

function parseRange(base: Span, field: Field, stepped: boolean, report: Report): readonly number[] | null {
  if (base.text === '*') return count(field.min, field.lastOfCycle)
  const [first, last, ...more] = splitSpan(base, '-')
  if (first === undefined || more.length > 0) return report(base, `"${base.text}" is not a range`, 'write a range as first-last')
  const from = parseValue(first, field, report)
  if (from === null) return null
  // `5/15` is Quartz for "from 5 to the end, every 15".
  if (last === undefined) return stepped ? count(from, Math.max(from, field.lastOfCycle)) : [from]
  const to = parseValue(last, field, report)
  if (to === null) return null
  if (from <= to) return count(from, to)
  if (!field.wraps)
    return report(base, `the ${field.name}s run backwards in "${base.text}"`, didYouMean(`${last.text}-${first.text}`))
  return [...count(from, field.lastOfCycle), ...count(field.min, to)]
}

function parseStep(step: Span, field: Field, report: Report): number | null {
  // As in Quartz: 59 for minutes, 23 for hours, but 31 for days and 12 for months.
  const most = Math.min(field.max, field.lastOfCycle - field.min + 1)
  if (!/^\d+$/.test(step.text)) {
    return report(step, `the step of a ${field.name} must be a number, not "${step.text}"`, `use a step from 1 to ${most}`)
  }
  const every = Number(step.text)
  if (every >= 1 && every <= most) return every
  return report(
    step,
    `a step of ${step.text} does not fit: the step of a ${field.name} is 1 to ${most}`,
    every === 0 ? didYouMean('1') : 'for longer intervals use a fixed rate instead of cron',
  )
}

/** One number or name of the field. */
export function parseValue(span: Span, field: Field, report: Report): number | null {
  if (!/^\d+$/.test(span.text)) return parseName(span, field, report)
  const value = Number(span.text)
  if (value >= field.min && value <= field.max) return value
  return report(
    span,
    `${field.name} ${span.text} does not exist: it runs from ${field.min} to ${field.max}`,
    inRange(value, field),
  )
}

function parseName(span: Span, field: Field, report: Report): number | null {
  const index = field.names.indexOf(span.text)
  if (index >= 0) return field.firstName + index
  if (span.text === '')
    return report(span, `a ${field.name} is missing here`, `write a ${field.name} from ${field.min} to ${field.max}`)
  if (span.text === '?') return report(span, `"?" stands alone, and only in a day field`, didYouMean('*'))
  const meant = closest(span.text.slice(0, 3), field.names) ?? closest(span.text, field.names)
  return report(span, `"${span.text}" is not a ${field.name}`, meant === null ? advice(span.text, field) : didYouMean(meant))
}

function advice(text: string, field: Field): string {
  if (text.includes('#')) return '"#" belongs in the day-of-week field, as in FRI#2'
  if (text.includes('W')) return '"W" belongs in the day-of-month field, as in 15W or LW'
  if (text.includes('L')) return '"L" belongs in the day fields, as in L, L-3 or FRIL'
  return `use a number from ${field.min} to ${field.max}${field.names.length > 0 ? ` or a name such as ${field.names[0]}` : ''}`
}

function inRange(value: number, field: Field): string {
  // 24:00 and minute 60 are meant as 0; Quartz has no weekday 0, and whoever writes it means the Unix Sunday.
  if (value === field.max + 1 && field.min === 0 && field.names.length === 0) return didYouMean('0')
  if (value === 0 && field.names.length > 0) return didYouMean(`${field.min} (${field.names[0]})`)
  return `use a number from ${field.min} to ${field.max}`
}

export function didYouMean(text: string): string {
  return `did you mean "${text}"?`
}

function count(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
