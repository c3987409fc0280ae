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

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)([T ](\d\d):(\d\d)(:(\d\d))?(Z|[+-]\d\d:\d\d)?)?$/

/**
 * `2026-01-31`, `2026-01-31 09:05`, `2026-01-31T09:05:07Z`: an instant in epoch milliseconds, undefined when it is none. Without an offset it is
 * meant in the zone of this machine, in which `momentOf` shows it.
 */
export function parseMoment(text: string): number | undefined {
  const [, year, month, day, , hour = '00', minute = '00', , second = '00', offset = ''] = MOMENT.exec(text) ?? []
  if (year === undefined) return undefined
  // The language takes 31 February as 3 March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (Number(day) > days) return undefined
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  return Number.isNaN(at) ? undefined : at
}
