/** The axis of a Gantt chart: where a moment is between two others, and which moments are marked. */
export interface Axis {
  readonly from: number
  readonly to: number
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  [1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  [1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
  [1, 2, 7, 14, 30, 90].map((days) => days * 86_400_000),
)

/** In percent of the axis. A moment beyond an end is at it. */
export function placeOf(at: number, { from, to }: Axis): number {
  return to <= from ? 0 : Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100))
}

/** Milliseconds since the beginning, in steps that people count in; at most as many as asked for. */
export function ticksOf({ from, to }: Axis, most: number): readonly number[] {
  const length = Math.max(1, to - from)
  const step = STEPS.find((each) => length / each <= most) ?? length
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, place) => place * step)
}

/** Around everything that has begun; until something has, a second. */
export function axisOf(spans: readonly { startedAt: number | null; endedAt: number | null }[], begin: number, now: number): Axis {
  const ends = spans.flatMap(({ startedAt, endedAt }) => (startedAt === null ? [] : [endedAt ?? now]))
  return { from: begin, to: Math.max(begin + 1_000, ...ends) }
}
