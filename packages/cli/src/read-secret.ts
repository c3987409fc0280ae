import { text as readAll } from 'node:stream/consumers'
import { Failure } from './failure.ts'
import type { Cli } from './cli.ts'

/**
 * A value that must not stand on a command line, where every user of the machine and the shell's history can read it: from standard input,
 * or asked for where a person sits. One line end at its end is not part of it.
 */
export async function readSecret({ terminal, stdin = process.stdin }: Cli, message: string): Promise<string> {
  const value = stdin.isTTY && terminal.interactive ? await ask(message) : await readAll(stdin)
  const trimmed = value.replace(/\r?\n$/, '')
  if (trimmed === '')
    throw new Failure('USAGE', 'The value is empty.', 'Give it on standard input: carillon secrets create name < file.')
  return trimmed
}

async function ask(message: string): Promise<string> {
  const { password } = await import('@clack/prompts')
  const answer = await password({ message })
  // A symbol is clack's word for Ctrl-C.
  if (typeof answer === 'symbol') throw new Failure('USAGE', 'Nothing was changed.')
  return answer
}
