import type { LogLevel } from '@carillon/contract'
import type { HandlerContext } from './context.ts'
import { logText } from './log-text.ts'

/** `writable` is how pino tells a destination from options when it stands first. */
export interface PinoBridge {
  readonly writable: true
  write(line: string): void
}

/**
 * A destination for pino that writes to the instance's log.
 *
 * @example const logger = pino(pinoBridge(context))
 */
export function pinoBridge(context: Pick<HandlerContext, 'log'>): PinoBridge {
  return { writable: true, write: (line) => writeLine(context, line) }
}

/** What pino adds to every line and the log knows anyway. */
const KNOWN = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

function writeLine({ log }: Pick<HandlerContext, 'log'>, line: string): void {
  const fields = parse(line)
  if (fields === null) return log.write('INFO', line.trimEnd())
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => !KNOWN.has(name)))
  const message = typeof fields['msg'] === 'string' ? fields['msg'] : ''
  log.write(levelOf(fields['level']), logText(message, Object.keys(rest).length === 0 ? undefined : rest).trimStart())
}

/** Null where something else than pino wrote: a formatter may turn its JSON into anything. */
function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Pino's levels are numbers, or names where its formatters say so. */
function levelOf(level: unknown): LogLevel {
  const rank =
    typeof level === 'number' ? level : ({ trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 }[String(level)] ?? 30)
  return rank >= 50 ? 'ERROR' : rank >= 40 ? 'WARN' : rank >= 30 ? 'INFO' : 'DEBUG'
}
