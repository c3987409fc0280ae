const MINUTE = 60_000
const HOUR = 60 * MINUTE

export interface LoadRow {
  /** The beginning of the hour (UTC hours: in zones of half hours rows begin at :30). */
  readonly at: number
  /** Fires of its 60 minutes; null: outside of what was asked for. */
  readonly minutes: readonly (number | null)[]
}

/** The minutes of a load map as hours of 60. */
export function loadRows(from: number, minutes: readonly number[]): readonly LoadRow[] {
  const first = Math.floor(from / HOUR) * HOUR
  const ahead = Math.round((from - first) / MINUTE)
  const hours = Math.ceil((ahead + minutes.length) / 60)
  return Array.from({ length: hours }, (_, hour) => ({
    at: first + hour * HOUR,
    minutes: Array.from({ length: 60 }, (_each, minute) => minutes[hour * 60 + minute - ahead] ?? null),
  }))
}

/** How dark a minute is, 0 (nothing) to 4 (the fullest). */
export function shade(count: number, most: number): 0 | 1 | 2 | 3 | 4 {
  if (count <= 0 || most <= 0) return 0
  return Math.min(4, Math.ceil((count / most) * 4)) as 1 | 2 | 3 | 4
}
