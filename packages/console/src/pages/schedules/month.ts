/** Months and days as texts, `2026-11` and `2026-11-22`: days of a calendar, which have no instant and no zone. */

const DAY = 86_400_000

const utc = (day: string): number => Date.parse(`${day}T00:00:00Z`)
const textOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** `en-CA` writes days as we do. */
export function dayIn(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
}

export const monthOf = (day: string): string => day.slice(0, 7)

/** What an address says, if it is a month at all: one is written by anybody. */
export function knownMonth(text: string | undefined, otherwise: string): string {
  return text !== undefined && /^(19[7-9]\d|[2-8]\d{3})-(0[1-9]|1[0-2])$/.test(text) ? text : otherwise
}

/** The same of a day: `2026-02-30` is none. */
export function knownDay(text: string, otherwise: string): string {
  const at = knownMonth(monthOf(text), '') === '' ? Number.NaN : utc(text)
  return !Number.isNaN(at) && textOf(at) === text ? text : otherwise
}

export function monthFrom(month: string, by: number): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return textOf(Date.UTC(year, number - 1 + by, 1)).slice(0, 7)
}

/** The whole weeks, Monday to Sunday, in which the month lies. */
export function weeksOf(month: string): readonly (readonly string[])[] {
  const first = utc(`${month}-01`)
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY
  const end = utc(`${monthFrom(month, 1)}-01`)
  const weeks = Math.ceil((end - monday) / (7 * DAY))
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_each, day) => textOf(monday + (week * 7 + day) * DAY)),
  )
}

/** A day in words of the language: `Sunday, 22 November 2026`. */
export function dayWords(day: string, language: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).format(utc(day))
}
