const two = (value: number) => String(value).padStart(2, '0')

/** `2026-11-21 09:05:07` in the zone of this machine, as a person here would write it; `-` for none. */
export function momentOf(instant: number | null): string {
  if (instant === null) return '-'
  const at = new Date(instant)
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `850ms`, `12.3s`, `4m 5s`: two units at most. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${ms}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  const at = UNITS.findIndex(([, size]) => ms >= size)
  const [unit, size] = UNITS[at]!
  const [smaller, smallerSize] = UNITS[at + 1]!
  const rest = Math.floor((ms % size) / smallerSize)
  return `${Math.floor(ms / size)}${unit}${rest === 0 ? '' : ` ${rest}${smaller}`}`
}

const DURATION = /^(\d+)(s|m|h|d)$/

/** `30d` to milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text)
  const size = UNITS.find(([unit]) => unit === match?.[2])?.[1]
  return match && size ? Number(match[1]) * size : undefined
}
