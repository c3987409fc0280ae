import { SECOND } from './civil.ts'
import { closest } from './closest.ts'

/** A stretch of time in which a zone keeps one offset. */
export interface Segment {
  /** The first instant of the stretch. A transition happened here exactly if `before` differs from `offset`. */
  readonly from: number
  /** The first instant after the stretch. */
  readonly until: number
  /** Local time minus UTC, milliseconds. */
  readonly offset: number
  /** The offset in force just before `from`. Larger than `offset`: an overlap begins at `from`. Smaller: a gap ends there. */
  readonly before: number
}

export interface Zone {
  readonly name: string
  /** The segment that holds `instant`. Its edges are transitions, or lie at least six days away from the instant. */
  segmentAt(instant: number): Segment
}

// Intl answers one question, "what is the offset now", for about two microseconds a time. Segments are therefore learned by chunks and
// kept: samples a STEP apart, and a binary search where two neighbours differ. The closest pair of transitions that cancel each
// other in the tz database since 1970 is 6.96 days (Boa Vista and Recife in 2000, Gaza from 2040 on): STEP must stay below that.
const STEP = 2 ** 29 // 6.2 days
// A chunk is learned with a margin of one step on either side, so that an overlap just before its first instant is not overlooked.
const CHUNK = 4 * STEP

// The memo is bounded, or asking for every zone in every year would fill the memory. Real use stays far below.
const MOST_CHUNKS = 1_024
const MOST_ZONES = 1_024

const zones = new Map<string, Zone>()

/** The zone of an IANA name ("Europe/Berlin", "UTC"), or null if this machine's tz database has none of that name. */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  const offsetAt = offsetReader(name)
  if (offsetAt === null) return null
  if (zones.size >= MOST_ZONES) zones.clear()
  const zone = learnedZone(name, offsetAt)
  zones.set(name, zone)
  return zone
}

/** A zone name close to a misspelt one, or null. */
export function closestZone(name: string): string | null {
  return name.length > 64 ? null : closest(name, Intl.supportedValuesOf('timeZone'))
}

type OffsetAt = (instant: number) => number

function learnedZone(name: string, offsetAt: OffsetAt): Zone {
  const chunks = new Map<number, readonly Segment[]>()

  function chunk(index: number): readonly Segment[] {
    const known = chunks.get(index)
    if (known !== undefined) return known
    if (chunks.size >= MOST_CHUNKS) chunks.clear()
    const learned = learnSegments(offsetAt, index * CHUNK - STEP, (index + 1) * CHUNK + STEP)
    chunks.set(index, learned)
    return learned
  }

  // Consecutive questions nearly always fall into the same segment, so the last answer is tried first: but only for instants inside
  // the chunk that it was learned for, as nothing is known about what lies beyond the margin.
  let latest: Segment = { from: 0, until: 0, offset: 0, before: 0 }
  let [validFrom, validUntil] = [0, 0]

  return {
    name,
    segmentAt(instant) {
      if (instant >= validFrom && instant < validUntil) return latest
      const index = Math.floor(instant / CHUNK)
      latest = chunk(index).find((segment) => instant < segment.until)!
      validFrom = Math.max(latest.from, index * CHUNK)
      validUntil = Math.min(latest.until, (index + 1) * CHUNK)
      return latest
    },
  }
}

function learnSegments(offsetAt: OffsetAt, start: number, end: number): readonly Segment[] {
  const segments: Segment[] = []
  let [from, offset] = [start, offsetAt(start)]
  let before = offset
  for (let at = start; at < end; at += STEP) {
    const next = offsetAt(at + STEP)
    if (next === offset) continue
    const transition = transitionBetween(offsetAt, at, at + STEP)
    segments.push({ from, until: transition, offset, before })
    ;[from, before, offset] = [transition, offset, next]
  }
  segments.push({ from, until: end, offset, before })
  return segments
}

/** The first instant, to the second, at which the offset is no longer that of `low`. */
function transitionBetween(offsetAt: OffsetAt, low: number, high: number): number {
  const offset = offsetAt(low)
  let [same, changed] = [Math.floor(low / SECOND), Math.ceil(high / SECOND)]
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2)
    if (offsetAt(middle * SECOND) === offset) same = middle
    else changed = middle
  }
  return changed * SECOND
}

/** A function from instant to offset in milliseconds, or null for an unknown zone. The only use of Intl for reckoning time. */
function offsetReader(name: string): OffsetAt | null {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: '2-digit', hourCycle: 'h23' })
  } catch {
    return null
  }
  return (instant) => parseOffset(format.format(instant))
}

// "17 GMT", "23 GMT+05:45", "23 GMT-00:44:30"
function parseOffset(text: string): number {
  const sign = text.indexOf('GMT') + 3
  if (sign >= text.length) return 0
  const [hours = '0', minutes = '0', seconds = '0'] = text.slice(sign + 1).split(':')
  const size = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * SECOND
  return text[sign] === '+' ? size : -size
}
