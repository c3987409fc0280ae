import { CarillonError, ERRORS } from '@carillon/core'
import { CommanderError } from 'commander'
import { EXIT_CODES, exitOf, type Exit } from './exit-codes.ts'
import { printable } from './printable.ts'
import type { Terminal } from './terminal.ts'

/** Ends a command with a text for the person who gave it. `hint`: what to do about it. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exit: Exit
  readonly hint: string | undefined

  constructor(exit: Exit, message: string, hint?: string) {
    super(message)
    this.exit = exit
    this.hint = hint
  }
}

/** Says what went wrong, where, and what to do; answers the exit code. */
export function reportFailure(terminal: Terminal, error: unknown): number {
  // Commander has said it already, with the usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.USAGE.code
  const { exit, title, lines } = failureOf(error)
  terminal.say(`${terminal.tint('red', 'error:')} ${printable(title)}`)
  for (const line of lines) terminal.say(`  ${printable(line)}`)
  return EXIT_CODES[exit].code
}

interface Shown {
  readonly exit: Exit
  readonly title: string
  readonly lines: readonly string[]
}

function failureOf(error: unknown): Shown {
  if (error instanceof Failure)
    return { exit: error.exit, title: error.message, lines: error.hint === undefined ? [] : [error.hint] }
  if (error instanceof CarillonError) return refusal(error)
  const known = error instanceof Error ? knownError(error) : null
  if (known) return known
  // A plain Error was written to be read. Any other kind is a defect of ours, and its stack is what helps.
  const text = error instanceof Error ? (error.name === 'Error' ? error.message : (error.stack ?? error.message)) : String(error)
  return { exit: 'FAILED', title: text, lines: [] }
}

/** A refusal of the API: what (title), why here (detail), which fields, and the words to search for. */
function refusal(error: CarillonError): Shown {
  const { title } = ERRORS[error.code]
  // The detail often names the first field already.
  const fields = error.problems.map(({ path, message }) => `${path} ${message}`).filter((field) => !error.message.includes(field))
  const { requestId } = error.extra
  return {
    exit: exitOf(error.code),
    title,
    lines: [error.message, ...fields, `(${error.code}${typeof requestId === 'string' ? `, request ${requestId}` : ''})`],
  }
}

function knownError(error: Error): Shown | null {
  // By name: its class lives in the server package, which most commands never load.
  if (error.name === 'ConfigError') return { exit: 'USAGE', title: error.message, lines: [] }
  const code = codeOf(error)
  if (code === 'EADDRINUSE') {
    const { address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
    return {
      exit: 'FAILED',
      title: `Something else listens on ${address}:${port} already.`,
      lines: ['Stop it, or choose another port: --port 7171, or CARILLON_PORT=7171 (0 takes any free one).'],
    }
  }
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') return { exit: 'USAGE', title: error.message, lines: [] }
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET' || code === 'ETIMEDOUT') {
    return {
      exit: 'UNAVAILABLE',
      title: `No connection: ${messageOf(error)}`,
      lines: ['Is it running, and is the address right?'],
    }
  }
  return null
}

/** `fetch` says no more than that it failed; the reason stands in the cause. */
function messageOf(error: Error): string {
  const { cause, errors } = error as Error & { errors?: readonly unknown[] }
  if (cause instanceof Error) return messageOf(cause)
  const first = errors?.[0]
  return first instanceof Error ? first.message : error.message
}

/** The code of a system error, also where `fetch` and others hid it in a cause. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, cause, errors } = error as Error & { code?: unknown; errors?: unknown }
  if (typeof code === 'string') return code
  return codeOf(cause) ?? (Array.isArray(errors) ? codeOf(errors[0]) : undefined)
}
