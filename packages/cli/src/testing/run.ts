import { Readable } from 'node:stream'
import { inject } from 'vitest'
import { runCli } from '../index.ts'
import type { Terminal } from '../terminal.ts'

export interface Ran {
  readonly code: number
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly err: string
}

/** Runs one command line against the shared `carillon dev` and answers what it said. */
/** `input`: what standard input says. */
export function run(args: readonly string[], env: NodeJS.ProcessEnv = sharedEnv(), input = ''): Promise<Ran> {
  return runWith(args, env, input)
}

export function sharedEnv(): NodeJS.ProcessEnv {
  return { CARILLON_DATA_DIR: inject('dev').dataDir }
}

/** With `--json`, and read. */
export async function runJson<T>(args: readonly string[]): Promise<T> {
  const { code, out, err } = await run([...args, '--json'])
  if (code !== 0) throw new Error(`carillon ${args.join(' ')} ended with ${code}: ${err}`)
  return JSON.parse(out) as T
}

async function runWith(args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<Ran> {
  const heard = recorder()
  const code = await runCli(args, { env, terminal: heard.terminal, stdin: Readable.from([input]) })
  return { code, out: heard.out(), err: heard.err() }
}

/** A terminal that is none: no colours, nothing is cut, and it remembers. */
export function recorder(look: Partial<Pick<Terminal, 'columns' | 'interactive' | 'paint' | 'tint'>> = {}) {
  const printed: string[] = []
  const said: string[] = []
  const terminal: Terminal = {
    interactive: false,
    columns: null,
    print: (text) => void printed.push(`${text}\n`),
    say: (text) => void said.push(`${text}\n`),
    draw: (text) => void said.push(text),
    paint: (_, text) => text,
    tint: (_, text) => text,
    ...look,
  }
  return { terminal, out: () => printed.join(''), err: () => said.join('') }
}
