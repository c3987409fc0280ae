import type { Cli } from './cli.ts'
import { reportFailure } from './failure.ts'
import { createProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

export type { Cli } from './cli.ts'
export type { Terminal } from './terminal.ts'

/**
 * Runs one command line (without `node` and the script) to its end and answers the exit code; see `EXIT_CODES`.
 *
 * @example
 * process.exitCode = await runCli(['get', 'tasks', '--json'])
 */
export async function runCli(args: readonly string[], given: Partial<Cli> = {}): Promise<number> {
  const env = given.env ?? process.env
  const cli: Cli = { env, terminal: given.terminal ?? processTerminal(env), ...(given.stdin && { stdin: given.stdin }) }
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return reportFailure(cli.terminal, error)
  }
}
