// A second, slow and independent reckoning of when a five-field expression fires: it walks through every minute, asks Intl what the
// clock on the wall shows, and compares. It shares no code with the engine, on purpose: change one without looking at the other.

const MINUTE = 60_000
const QUARTER = 15 * MINUTE
const HALF_DAY = 720 * MINUTE

export type OraclePolicy = 'DEFAULT' | 'SKIP' | 'SHIFT' | 'BOTH'

/** One minute: the instant, and what the clock on the wall shows then, as if that were UTC. */
interface Moment {
  readonly instant: number
  readonly wall: number
}

function wallReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return (instant) => {
    const [day, month, year, hour, minute] = format
      .format(instant)
      .split(/[/, :]+/)
      .map(Number)
    return Date.UTC(year!, month! - 1, day, hour, minute)
  }
}

/** A stretch of time, minute by minute. */
export interface Minutes {
  readonly moments: readonly Moment[]
  /** The instants at which the wall shows a time: none in a gap, two in an overlap. */
  readonly instantsOf: ReadonlyMap<number, readonly number[]>
}

/** Every minute of [from, to). */
export function minutesOf(zone: string, from: number, to: number): Minutes {
  const wallAt = wallReader(zone)
  const moments: Moment[] = []
  for (let start = from; start < to; start += QUARTER) {
    // Intl is slow: a quarter of an hour at whose ends the wall is a quarter of an hour apart needs no closer look.
    const wall = wallAt(start)
    const steady = wallAt(start + QUARTER) - wall === QUARTER
    for (let past = 0; past < QUARTER; past += MINUTE) {
      moments.push({ instant: start + past, wall: steady ? wall + past : wallAt(start + past) })
    }
  }
  const instantsOf = new Map<number, number[]>()
  for (const { instant, wall } of moments) instantsOf.set(wall, [...(instantsOf.get(wall) ?? []), instant])
  return { moments, instantsOf }
}

/** The instants of a year at which the clock on the wall jumps, to the minute. */
export function clockChanges(zone: string, year: number): readonly number[] {
  const wall = wallReader(zone)
  const changes: number[] = []
  const end = Date.UTC(year + 1, 0, 1)
  for (let start = Date.UTC(year, 0, 1); start < end; start += HALF_DAY) {
    if (wall(start + HALF_DAY) - wall(start) === HALF_DAY) continue
    let minute = start
    while (wall(minute + MINUTE) - wall(minute) === MINUTE) minute += MINUTE
    changes.push(minute + MINUTE)
  }
  return changes
}

/** The fires of an expression (numbers, `*`, ranges, steps and lists only) within the given minutes. */
export function oracleFires(expression: string, minutes: Minutes, policy: OraclePolicy): readonly number[] {
  const { moments, instantsOf } = minutes
  const matches = matcher(expression)
  const [minute, hour] = expression.split(' ')
  const isPattern = /[*/-]/.test(`${minute} ${hour}`)
  if (isPattern) return moments.filter((each) => matches(each.wall)).map((each) => each.instant)

  const fires = new Set<number>()
  const last = moments.at(-1)!.wall
  for (let wall = moments[0]!.wall; wall <= last; wall += MINUTE) {
    if (!matches(wall)) continue
    const instants = instantsOf.get(wall)
    if (instants !== undefined) for (const instant of policy === 'BOTH' ? instants : instants.slice(0, 1)) fires.add(instant)
    else if (policy !== 'SKIP') fires.add(afterGap(wall, moments, policy))
  }
  return [...fires].sort((a, b) => a - b)
}

function afterGap(lost: number, moments: readonly Moment[], policy: OraclePolicy): number {
  const end = moments.findIndex((each, index) => each.wall > lost && (moments[index - 1]?.wall ?? Infinity) < lost)
  const [before, after] = [moments[end - 1]!, moments[end]!]
  const length = after.wall - before.wall - MINUTE
  return policy === 'SHIFT' ? before.instant + MINUTE + (lost + length - after.wall) : after.instant
}

function matcher(expression: string): (wall: number) => boolean {
  const [minute, hour, day, month, weekday] = expression.split(' ') as [string, string, string, string, string]
  const [minutes, hours, days, months] = [listed(minute, 0, 59), listed(hour, 0, 23), listed(day, 1, 31), listed(month, 1, 12)]
  const weekdays = listed(weekday, 0, 6)
  if (weekdays.has(7)) weekdays.add(0)
  return (wall) => {
    const date = new Date(wall)
    if (!minutes.has(date.getUTCMinutes()) || !hours.has(date.getUTCHours()) || !months.has(date.getUTCMonth() + 1)) return false
    const [byDay, byWeekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())]
    return day === '*' || weekday === '*' ? byDay && byWeekday : byDay || byWeekday
  }
}

function listed(field: string, low: number, high: number): Set<number> {
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [range, step] = item.split('/') as [string, string?]
    const bounds = range === '*' ? [low, high] : range.split('-').map(Number)
    for (let value = bounds[0]!; value <= (bounds[1] ?? bounds[0]!); value += Number(step ?? 1)) values.add(value)
  }
  return values
}
