import { formatDay, type Exclusion } from './calendar.ts'
import { DAY, HOUR, MINUTE, SECOND, WEEKDAYS, weekdayOf, type Weekday } from './civil.ts'
import type { CompiledSchedule } from './compile.ts'
import { gapFire } from './cron-clock.ts'
import { excludedBy, nextFire } from './next-fire.ts'
import { zoneOf, type Zone } from './zone.ts'

/** How a change of the clocks touches a fire: it stands for a local time lost in a gap, or its local time comes twice. */
export type DstMark = 'GAP' | 'OVERLAP_FIRST' | 'OVERLAP_SECOND'

export interface PreviewFire {
  readonly fireAt: number
  /** 'YYYY-MM-DDTHH:mm:ss±hh:mm' in the zone of the schedule (UTC if its kind has none). */
  readonly local: string
  readonly weekday: Weekday
  /** Why it will not run although it is an occurrence. */
  readonly excluded: Exclusion | null
  readonly dst: DstMark | null
}

/** An occurrence, and why the calendars exclude it. */
export interface Occurrence {
  readonly fireAt: number
  readonly excluded: Exclusion | null
}

/** The first `n` occurrences at or after `from`, excluded ones included. Empty for FIXED_DELAY and MANUAL. */
export function previewFires(schedule: CompiledSchedule, from: number, n: number): readonly PreviewFire[] {
  const zone = zoneOfSchedule(schedule)
  return occurrencesBetween(schedule, from, Infinity, n).map(({ fireAt, excluded }) => {
    const { offset } = zone.segmentAt(fireAt)
    return {
      fireAt,
      local: localTime(schedule, fireAt),
      weekday: WEEKDAYS[weekdayOf(Math.floor((fireAt + offset) / DAY))]!,
      excluded,
      dst: dstMark(schedule, zone, fireAt),
    }
  })
}

/**
 * The occurrences in [`from`, `to`), at most `limit` of them: what a backfill runs. To go on, ask again from the last one plus 1.
 */
export function occurrencesBetween(schedule: CompiledSchedule, from: number, to: number, limit: number): readonly Occurrence[] {
  const found: Occurrence[] = []
  let fireAt = nextFire(schedule, from - 1)
  while (fireAt !== null && fireAt < to && found.length < limit) {
    found.push({ fireAt, excluded: excludedBy(schedule, fireAt) })
    fireAt = nextFire(schedule, fireAt)
  }
  return found
}

function zoneOfSchedule({ timing }: CompiledSchedule): Zone {
  return timing.kind === 'CRON' ? timing.clock.zone : zoneOf('UTC')!
}

function dstMark({ timing }: CompiledSchedule, zone: Zone, fireAt: number): DstMark | null {
  const segment = zone.segmentAt(fireAt)
  if (timing.kind === 'CRON' && gapFire(timing.clock, segment, fireAt) === fireAt) return 'GAP'
  const wall = fireAt + segment.offset
  if (wall < segment.from + segment.before) return 'OVERLAP_SECOND'
  const next = zone.segmentAt(segment.until)
  return next.from === segment.until && wall >= next.from + next.offset ? 'OVERLAP_FIRST' : null
}

/** 'YYYY-MM-DDTHH:mm:ss±hh:mm' in the zone of the schedule (UTC if its kind has none). */
export function localTime(schedule: CompiledSchedule, instant: number): string {
  const { offset } = zoneOfSchedule(schedule).segmentAt(instant)
  const wall = instant + offset
  const day = Math.floor(wall / DAY)
  return `${formatDay(day)}T${formatTime(wall - day * DAY)}${offset < 0 ? '-' : '+'}${formatTime(Math.abs(offset)).slice(0, 5)}`
}

function formatTime(ms: number): string {
  return [ms / HOUR, (ms % HOUR) / MINUTE, (ms % MINUTE) / SECOND].map((part) => twoDigits(Math.floor(part))).join(':')
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
