/** A date and a time with its zone: without one it would mean another instant on every server. */
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/**
 * The instant that a value of `wait.until` names, in epoch milliseconds; null if it names none.
 *
 * @example instantOf('2024-02-29T12:00:00+08:00')  // 1709179200000
 */
export function instantOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : null
  if (typeof value !== 'string' || !ISO_INSTANT.test(value)) return null
  const instant = Date.parse(value)
  return Number.isNaN(instant) ? null : instant
}
