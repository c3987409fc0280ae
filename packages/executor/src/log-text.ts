/** The text of a log line: the message, then what came with it as JSON. Never throws, because logging must not fail a handler. */
export function logText(message: string, extra: unknown): string {
  if (extra === undefined) return String(message)
  if (extra instanceof Error) return `${message} ${extra.stack ?? String(extra)}`
  return `${message} ${asJson(extra)}`
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value, plain) ?? String(value)
  } catch {
    // A cycle, or a toJSON that throws.
    return String(value)
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack }
  return value
}
