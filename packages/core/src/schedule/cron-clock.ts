import { DAY, END_OF_TIME } from './civil.ts'
import { nextWall, type CronTables } from './wall-clock.ts'
import type { Segment, Zone } from './zone.ts'

// What happens when the clocks change. An occurrence is an instant; those that coincide are one.
//
// A pattern of intervals (`*`, a range or a step in hour or minute) follows real time: it fires at every instant whose local time
// matches. Local times that the clock leaps over do not happen, and those that it repeats happen twice: an hourly pattern fires in
// each real hour, `*/15` every real quarter, through half-hour shifts as well.
//
// A fixed local time (plain values or lists of them in hour and minute) is an intent for each local day:
//
//              in a gap                                         in an overlap
//   DEFAULT    once, at the first instant after the gap         once, the first time
//   SKIP       not at all                                       once, the first time
//   SHIFT      later by the length of the gap (02:30 → 03:30)   once, the first time
//   BOTH       once, at the first instant after the gap         both times
//
// Several fixed times in one gap, as in `0 0,30 2 * * ?`, are all meant for its first instant: they coincide, and fire once. A gap of
// a whole day (Apia left out 30 December 2011) is a gap like any other.

export type DstPolicy = 'DEFAULT' | 'SKIP' | 'SHIFT' | 'BOTH'

/** A cron expression bound to a zone. */
export interface CronClock {
  readonly tables: CronTables
  readonly zone: Zone
  readonly dst: DstPolicy
}

// Further apart than two local clocks, or a local clock and UTC, ever are (offsets lie between -16 and +16 hours).
const CLOCK_SLACK = 3 * DAY
// Bounds the search for a time that a policy always leaves out, such as 02:30 on the second Sunday of March in New York under SKIP:
// two segments a year, some twenty years. Any other search ends after three or four.
const SEGMENTS_SEARCHED = 40

/** The first fire after `after`, or null if there is none (within the bounds of the search). */
export function nextCronFire(clock: CronClock, after: number): number | null {
  let instant = after + 1
  for (let searched = 0; searched < SEGMENTS_SEARCHED && instant < END_OF_TIME; searched++) {
    const segment = clock.zone.segmentAt(instant)
    const wall = nextWall(clock.tables, firstWall(clock, segment, instant))
    const fire = Math.min(wall === null ? Infinity : wall - segment.offset, gapFire(clock, segment, instant) ?? Infinity)
    if (fire < segment.until) return fire < END_OF_TIME ? fire : null
    // No local time before `wall` matches, so sparse expressions go straight there: but the clock may first be set back over times
    // that do match, which only happens within CLOCK_SLACK.
    const skipTo = wall === null ? Infinity : wall - CLOCK_SLACK
    instant = segment.until - instant < CLOCK_SLACK ? segment.until : Math.max(segment.until, skipTo)
  }
  return null
}

/** The local time to search from: a fixed time that an overlap repeats has had its turn. */
function firstWall({ tables, dst }: CronClock, segment: Segment, instant: number): number {
  const wall = instant + segment.offset
  return tables.cron.fixedTime && dst !== 'BOTH' ? Math.max(wall, segment.from + segment.before) : wall
}

/** The fire, at or after `instant`, of fixed times lost in the gap that ends where `segment` begins. */
export function gapFire({ tables, dst }: CronClock, segment: Segment, instant: number): number | null {
  const gapEnd = segment.from + segment.offset
  if (segment.before >= segment.offset || !tables.cron.fixedTime || dst === 'SKIP') return null
  if (dst === 'SHIFT') {
    const wall = nextWall(tables, instant + segment.before)
    return wall !== null && wall < gapEnd ? wall - segment.before : null
  }
  if (segment.from < instant) return null
  const wall = nextWall(tables, segment.from + segment.before)
  return wall !== null && wall < gapEnd ? segment.from : null
}
