import type { Language } from '../../i18n/texts.ts'

/**
 * What a cron expression says, in words; null where words would be longer than the expression or not quite true (a step of 7 minutes is no
 * "every 7 minutes": it begins anew each hour). When it fires is said by the server's preview, never by this.
 *
 * @example cronWords('0 0 2 ? * MON-FRI', 'en') // 'at 02:00, Monday to Friday'
 */
export function cronWords(expression: string, language: Language): string | null {
  const fields = fieldsOf(expression)
  if (fields === null) return null
  const words = WORDS[language]
  const time = timeWords(fields, words)
  const days = dayWords(fields, language)
  const months = monthWords(fields.month, language)
  const years = fields.year === '*' ? '' : /^\d{4}(,\d{4})*$/.test(fields.year) ? words.inYears(fields.year.split(',')) : null
  if (time === null || days === null || months === null || years === null) return null
  // "every 5 minutes" needs no "every day"; "at 02:00" does.
  const day = days === '' && months === '' && time.atOnce ? words.everyDay : days
  return words.sentence({ time: time.text, days: day, months, years })
}

interface Fields {
  readonly second: string
  readonly minute: string
  readonly hour: string
  readonly day: string
  readonly month: string
  readonly weekday: string
  readonly year: string
  /** The number of Sunday. */
  readonly sunday: 0 | 1
}

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

function fieldsOf(expression: string): Fields | null {
  const text = expression.trim()
  const parts = (MACROS[text.toLowerCase()] ?? text).toUpperCase().split(/\s+/)
  if (parts.length < 5 || parts.length > 7) return null
  const unix = parts.length === 5
  const [second, minute, hour, day, month, weekday, year = '*'] = (unix ? ['0', ...parts] : parts) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string?,
  ]
  return { second, minute, hour, day: open(day), month, weekday: open(weekday), year, sunday: unix ? 0 : 1 }
}

const open = (field: string): string => (field === '?' ? '*' : field)

const NUMBERS = /^\d+(,\d+)*$/
const numbers = (field: string): readonly number[] | null => (NUMBERS.test(field) ? field.split(',').map(Number) : null)

/** The step of a field that comes round evenly, as 15 of 60 does; null: it is none. */
function stepOf(field: string, cycle: number): number | null {
  if (field === '*') return 1
  const step = Number(/^(?:\*|0)\/(\d+)$/.exec(field)?.[1])
  return step > 0 && cycle % step === 0 ? step : null
}

const two = (n: number): string => String(n).padStart(2, '0')

interface TimeWords {
  readonly text: string
  /** At times of the day, not again and again. */
  readonly atOnce: boolean
}

const MOST_TIMES = 6

function timeWords({ second, minute, hour }: Fields, words: Words): TimeWords | null {
  const seconds = numbers(second)
  const minutes = numbers(minute)
  const hours = numbers(hour)
  const again = (text: string): TimeWords => ({ text, atOnce: false })
  if (seconds === null) {
    const every = stepOf(second, 60)
    return every !== null && minute === '*' && hour === '*' ? again(words.every(every, 'second')) : null
  }
  if (seconds.length > 1) return null
  const [at] = seconds as [number]
  const tail = at === 0 ? '' : words.atSecond(at)
  if (minutes !== null && hours !== null) {
    if (minutes.length * hours.length > MOST_TIMES) return null
    const times = hours.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}${at === 0 ? '' : `:${two(at)}`}`))
    return { text: words.at(times.toSorted()), atOnce: true }
  }
  const range = /^(\d+)-(\d+)$/.exec(hour)
  const within = hour === '*' ? '' : range ? words.between(`${two(Number(range[1]))}:00`, `${two(Number(range[2]))}:59`) : null
  const every = minutes === null ? stepOf(minute, 60) : null
  if (every !== null && within !== null) return again(words.every(every, 'minute') + tail + within)
  if (minutes === null) return null
  const step = stepOf(hour, 24)
  if (step !== null) return again(words.every(step, 'hour') + words.atMinutes(minutes) + tail)
  return within === null ? null : again(words.every(1, 'hour') + words.atMinutes(minutes) + tail + within)
}

function dayWords({ day, weekday, sunday }: Fields, language: Language): string | null {
  const words = WORDS[language]
  const ofMonth = day === '*' ? '' : dayOfMonthWords(day, words)
  const ofWeek = weekday === '*' ? '' : weekdayWords(weekday, sunday, language)
  if (ofMonth === null || ofWeek === null) return null
  return ofMonth !== '' && ofWeek !== '' ? words.or(ofMonth, ofWeek) : ofMonth + ofWeek
}

function dayOfMonthWords(day: string, words: Words): string | null {
  if (day === 'L') return words.lastDay
  if (day === 'LW') return words.lastWorkday
  const days = numbers(day)
  if (days !== null) return words.onDays(days)
  const range = /^(\d+)-(\d+)$/.exec(day)
  return range ? words.dayRange(Number(range[1]), Number(range[2])) : null
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

/** 0 Sunday to 6 Saturday. */
function weekdayOf(text: string, sunday: 0 | 1): number | null {
  const named = WEEKDAYS.indexOf(text)
  if (named >= 0) return named
  return /^\d$/.test(text) && Number(text) >= sunday && Number(text) <= 7 ? (Number(text) - sunday) % 7 : null
}

function weekdayWords(field: string, sunday: 0 | 1, language: Language): string | null {
  const words = WORDS[language]
  const name = (text: string) => {
    const weekday = weekdayOf(text, sunday)
    // The 1st of November 2026 is a Sunday.
    return weekday === null ? null : nameOf({ weekday: 'long' }, Date.UTC(2026, 10, 1 + weekday), language)
  }
  const nth = /^(\w{1,3})#([1-5])$/.exec(field)
  if (nth) return name(nth[1]!) === null ? null : words.nth(Number(nth[2]), name(nth[1]!)!)
  const last = /^(\d|[A-Z]{3})L$/.exec(field)
  if (last) return name(last[1]!) === null ? null : words.lastOf(name(last[1]!)!)
  const parts = namesOf(field, name, words)
  return parts === null ? null : words.onWeekdays(parts)
}

function monthWords(field: string, language: Language): string | null {
  if (field === '*') return ''
  const name = (text: string) => {
    const month = MONTHS.includes(text) ? MONTHS.indexOf(text) : /^\d+$/.test(text) ? Number(text) - 1 : -1
    return month < 0 || month > 11 ? null : nameOf({ month: 'long' }, Date.UTC(2026, month, 1), language)
  }
  const parts = namesOf(field, name, WORDS[language])
  return parts === null ? null : WORDS[language].inMonths(parts)
}

/** Of a list of names and ranges of them. */
function namesOf(field: string, name: (text: string) => string | null, words: Words): readonly string[] | null {
  const parts = field.split(',').map((part) => {
    const [from, to, more] = part.split('-')
    const first = name(from!)
    if (to === undefined) return first
    const last = name(to)
    return first === null || last === null || more !== undefined ? null : words.range(first, last)
  })
  return parts.includes(null) ? null : (parts as string[])
}

function nameOf(part: Intl.DateTimeFormatOptions, at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { ...part, timeZone: 'UTC' }).format(at)
}

type Unit = 'second' | 'minute' | 'hour' | 'day'

interface Words {
  readonly everyDay: string
  readonly lastDay: string
  readonly lastWorkday: string
  readonly every: (n: number, unit: Unit) => string
  readonly at: (times: readonly string[]) => string
  readonly atSecond: (second: number) => string
  readonly atMinutes: (minutes: readonly number[]) => string
  readonly between: (from: string, to: string) => string
  readonly onDays: (days: readonly number[]) => string
  readonly dayRange: (from: number, to: number) => string
  readonly onWeekdays: (names: readonly string[]) => string
  readonly nth: (n: number, name: string) => string
  readonly lastOf: (name: string) => string
  readonly or: (one: string, other: string) => string
  readonly range: (from: string, to: string) => string
  readonly inMonths: (names: readonly string[]) => string
  readonly inYears: (years: readonly string[]) => string
  readonly sentence: (parts: Readonly<Record<'time' | 'days' | 'months' | 'years', string>>) => string
}

const ORDINALS = ['', 'first', 'second', 'third', 'fourth', 'fifth']
const UNITS_ZH = { second: '秒', minute: '分钟', hour: '小时', day: '天' } as const

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    everyDay: 'every day',
    lastDay: 'on the last day of the month',
    lastWorkday: 'on the last weekday of the month',
    every: (n, unit) => (n === 1 ? `every ${unit}` : `every ${n} ${unit}s`),
    at: (times) => `at ${times.join(', ')}`,
    atSecond: (second) => ` at second ${second}`,
    atMinutes: (minutes) => ` at ${minutes.map((minute) => `:${two(minute)}`).join(', ')}`,
    between: (from, to) => `, ${from} to ${to}`,
    onDays: (days) => `on day ${days.join(', ')} of the month`,
    dayRange: (from, to) => `on days ${from} to ${to} of the month`,
    onWeekdays: (names) => names.join(', '),
    nth: (n, name) => `on the ${ORDINALS[n]!} ${name} of the month`,
    lastOf: (name) => `on the last ${name} of the month`,
    or: (one, other) => `${one} or ${other}`,
    range: (from, to) => `${from} to ${to}`,
    inMonths: (names) => `in ${names.join(', ')}`,
    inYears: (years) => `in ${years.join(', ')}`,
    sentence: ({ time, days, months, years }) => [time, days, months, years].filter((part) => part !== '').join(', '),
  },
  zh: {
    everyDay: '每天',
    lastDay: '每月最后一天',
    lastWorkday: '每月最后一个工作日',
    every: (n, unit) => (n === 1 && unit !== 'hour' ? `每${UNITS_ZH[unit]}` : `每 ${n} ${UNITS_ZH[unit]}`),
    at: (times) => times.join('、'),
    atSecond: (second) => `的第 ${second} 秒`,
    atMinutes: (minutes) => `的第 ${minutes.join('、')} 分`,
    between: (from, to) => `(${from} 至 ${to})`,
    onDays: (days) => `每月 ${days.join('、')} 日`,
    dayRange: (from, to) => `每月 ${from} 日至 ${to} 日`,
    onWeekdays: (names) => `每${names.join('、')}`,
    nth: (n, name) => `每月第 ${n} 个${name}`,
    lastOf: (name) => `每月最后一个${name}`,
    or: (one, other) => `${one}或${other}`,
    range: (from, to) => `${from}至${to}`,
    inMonths: (names) => names.join('、'),
    inYears: (years) => `${years.join('、')} 年`,
    sentence: ({ time, days, months, years }) => [years, months, days, time].filter((part) => part !== '').join(' '),
  },
}

const SIZES = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `every 5 minutes`, in the largest unit that divides it. */
export function everyWords(ms: number, language: Language): string {
  const [unit, size] = SIZES.find(([, length]) => ms % length === 0) ?? SIZES[3]
  return WORDS[language].every(ms / size, unit)
}
