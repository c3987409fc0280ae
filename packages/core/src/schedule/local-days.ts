import { formatDay } from './calendar.ts'
import { DAY, epochDay } from './civil.ts'
import { zoneOf } from './zone.ts'

/** A day as the clocks of a zone tell it: 23 or 25 hours long where they change. */
export interface LocalDay {
  /** 'YYYY-MM-DD' */
  readonly day: string
  readonly from: number
  /** The first instant after it. */
  readonly until: number
}

/** `count` days of a zone from `first` ('YYYY-MM-DD') on; null: there is no such zone. A day that a zone left out is not among them. */
export function localDays(timezone: string, first: string, count: number): readonly LocalDay[] | null {
  const zone = zoneOf(timezone)
  if (zone === null) return null
  const [year, month, date] = first.split('-').map(Number) as [number, number, number]
  const start = epochDay(year, month, date)
  const days: { number: number; from: number; until: number }[] = []
  // No zone is a whole day away from UTC in either direction, so this is before the day begins anywhere.
  for (let at = start * DAY - DAY; ;) {
    const { offset, until: segmentEnd } = zone.segmentAt(at)
    const number = Math.floor((at + offset) / DAY)
    const until = Math.min((number + 1) * DAY - offset, segmentEnd)
    const last = days.at(-1)
    // Clocks that go back over midnight begin a day twice: it goes on.
    if (last !== undefined && number <= last.number) last.until = until
    else if (days.length === count) break
    else if (number >= start) days.push({ number, from: at, until })
    at = until
  }
  return days.map(({ number, from, until }) => ({ day: formatDay(number), from, until }))
}
