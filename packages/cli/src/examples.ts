import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { RunningServer } from '@carillon/server'
import type { Terminal } from './terminal.ts'

export interface ExamplesOptions {
  readonly terminal: Terminal
  readonly server: Pick<RunningServer, 'url' | 'databaseUrl'>
  /** Of an administrator of the tenant; undefined when it was given elsewhere. */
  readonly token: string | undefined
  readonly dataDir: string
}

export interface Examples {
  stop(): Promise<void>
}

const PACKAGE = '@carillon/examples'

/**
 * Starts the example executor as what an executor is: a process of its own that knows the server by its address and a token. It ends by
 * itself when this process does, however that ends: the channel between them closes.
 */
export function startExamples({ terminal, server, token, dataDir }: ExamplesOptions): Examples | null {
  const script = findScript()
  if (script === null) return null
  const child = fork(script, {
    env: {
      ...process.env,
      CARILLON_SERVER: server.url,
      ...(token === undefined ? {} : { CARILLON_TOKEN: token }),
      CARILLON_DATA_DIR: dataDir,
      EXAMPLES_DATABASE_URL: process.env.EXAMPLES_DATABASE_URL ?? besideOf(server.databaseUrl),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C in a terminal reaches this process alone, which then lets the executor leave first.
    detached: true,
  })
  relay(child.stdout, (line) => terminal.say(`${terminal.tint('dim', '  examples')} ${line}`))
  relay(child.stderr, (line) => terminal.say(`${terminal.tint('dim', '  examples')} ${terminal.tint('yellow', line)}`))
  let stopping = false
  child.once('exit', (code, signal) => {
    if (!stopping) terminal.say(`The example executor has ended (${signal ?? code}). What it held runs again at the next start.`)
  })
  return {
    stop: async () => {
      stopping = true
      await end(child)
    },
  }
}

/** Installed in the repository and absent elsewhere. */
function findScript(): string | null {
  try {
    return fileURLToPath(import.meta.resolve(PACKAGE))
  } catch {
    return null
  }
}

/** A database of its own on the same server: what the examples do to their data never touches Carillon's. */
function besideOf(databaseUrl: string): string {
  return databaseUrl.replace(/^(\w+:\/\/[^/]*)(\/[^?]*)?/, '$1/carillon_examples')
}

function relay(stream: Readable | null, say: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', say)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
