import type { HandlerContext } from '@carillon/executor'
import type { WorkFailure } from './work-failure.ts'

// What scripts and containers have in common: programs that are told of their attempt by their environment, that log what they print, say
// by an exit code whether they succeeded, and by JSON what they made.

export interface ProgramSettings {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** `file` (default): JSON in the file that CARILLON_OUTPUT names. `last-line`: JSON in the last line of standard output. */
  readonly output?: 'file' | 'last-line'
  /** Exit codes after which another attempt would end the same way. */
  readonly fatalExitCodes?: readonly number[]
}

/** `script` or `container`, and how it fails. */
export interface ProgramKind {
  readonly noun: string
  readonly Failure: new (code: string, message: string, retriable: boolean) => WorkFailure
}

export type ProgramSource = 'stdout' | 'stderr'

/** What a program has printed, as far as it says how it ended. */
export interface Said {
  readonly line: (source: ProgramSource, text: string) => void
  /** Of standard output. */
  readonly lastLine: () => string
  /** Behind a message: the last lines of standard error, or of standard output if there are none. */
  readonly tail: () => string
}

const LAST_LINES = 5

/** Each line that it prints is a line of the log. */
export function listen(context: HandlerContext): Said {
  const said: Record<ProgramSource, readonly string[]> = { stdout: [], stderr: [] }
  return {
    line(source, text) {
      context.log.write(source === 'stdout' ? 'INFO' : 'WARN', text, source)
      said[source] = [...said[source].slice(1 - LAST_LINES), text]
    },
    lastLine: () => said.stdout.at(-1) ?? '',
    tail() {
      const lines = said.stderr.length > 0 ? said.stderr : said.stdout
      return lines.length === 0 ? '' : `:\n${lines.join('\n')}`
    },
  }
}

export function assertExit(
  exitCode: number,
  { fatalExitCodes = [] }: ProgramSettings,
  { noun, Failure }: ProgramKind,
  said: Said,
): void {
  if (exitCode === 0) return
  const message = `The ${noun} ended with exit code ${exitCode}${said.tail()}`
  throw new Failure(`EXIT_${exitCode}`, message, !fatalExitCodes.includes(exitCode))
}

/** `file`: what stands in the file of the output, null without one. `hint`: said beside what is wrong with it. */
export function outputOf(
  file: string | null,
  { output = 'file' }: ProgramSettings,
  { noun, Failure }: ProgramKind,
  said: Said,
  hint = '',
): unknown {
  const text = output === 'file' ? file : said.lastLine()
  if (text === null || text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const where = output === 'file' ? 'the file CARILLON_OUTPUT' : 'the last line of standard output'
    const message = `What stands in ${where} is not JSON: ${(error as Error).message}${output === 'file' ? hint : ''}`
    throw new Failure(`${noun.toUpperCase()}_OUTPUT`, message, false)
  }
}
