import type { LogLevel } from '@carillon/contract'
import { Writable } from 'node:stream'
import type { HandlerContext } from './context.ts'
import { logText } from './log-text.ts'

/**
 * A transport for winston 3 that writes to the instance's log.
 *
 * @example const logger = winston.createLogger({ level: 'debug', transports: [winstonBridge(context)] })
 */
export function winstonBridge(context: Pick<HandlerContext, 'log'>): WinstonBridge {
  return new WinstonBridge(context)
}

interface WinstonLine {
  readonly level: string
  readonly message: unknown
  readonly [key: string | symbol]: unknown
}

/** The logger that a transport is piped from. */
interface WinstonLogger {
  readonly level: string
  readonly levels: Readonly<Record<string, number>>
}

/** Winston knows a transport by these: an object stream that has a `log` of at most two parameters. */
class WinstonBridge extends Writable {
  readonly #context: Pick<HandlerContext, 'log'>
  #logger: WinstonLogger | undefined

  constructor(context: Pick<HandlerContext, 'log'>) {
    super({ objectMode: true })
    this.#context = context
    this.once('pipe', (logger) => (this.#logger = logger as unknown as WinstonLogger))
  }

  log(line: WinstonLine, next: () => void): void {
    const { level, message, ...rest } = line
    // The level under its plain name: a format may have coloured the other.
    const raw = (line[Symbol.for('level')] as string | undefined) ?? level
    if (this.#wanted(raw)) {
      const text = logText(String(message), Object.keys(rest).length === 0 ? undefined : rest)
      this.#context.log.write(levelOf(raw), text)
    }
    next()
  }

  override _write(line: WinstonLine, _encoding: string, next: () => void): void {
    this.log(line, next)
  }

  /** A logger leaves it to its transports to keep to its level. Low numbers are the grave ones. */
  #wanted(level: string): boolean {
    const { levels = {}, level: most = 'silly' } = this.#logger ?? {}
    return (levels[level] ?? 0) <= (levels[most] ?? Number.POSITIVE_INFINITY)
  }
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  emerg: 'ERROR',
  alert: 'ERROR',
  crit: 'ERROR',
  error: 'ERROR',
  warning: 'WARN',
  warn: 'WARN',
  notice: 'INFO',
  info: 'INFO',
  http: 'INFO',
}

function levelOf(level: string): LogLevel {
  return LEVELS[level] ?? 'DEBUG'
}
