import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The command, as it was built. */
export const CARILLON = join(root, 'packages', 'cli', 'dist', 'main.js')

/** A server as `npm start` has it: its own database, the example executor, and the console that was built from the present sources. */
export interface Stage {
  readonly url: string
  readonly login: string
  readonly password: string
  readonly token: string
}

export interface RunningStage {
  readonly stage: Stage
  /** At once, as if the power had failed. */
  kill(): Promise<void>
  /** On the same data and address. */
  startAgain(): Promise<void>
  /** In order; nothing of it is left. */
  stop(): Promise<void>
}

export function ensureBuilt(): void {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'ensure-built.mjs')], { stdio: 'inherit' })
  if (built.status !== 0) throw new Error('The build failed; see above.')
}

/** `host`: another address than that of this machine alone. */
export async function startStage({ host = '127.0.0.1' }: { readonly host?: string } = {}): Promise<RunningStage> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-browser-'))
  const start = (port: string) => {
    const args = [CARILLON, 'dev', '--host', host, '--port', port]
    return spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  }
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(server, 'close')
    server.kill(signal)
    await ended
  }
  let server = start('0')
  const said = await hear(server, /serves the handler/)
  const stage: Stage = {
    url: found(said, /Carillon runs at (http:\S+)/),
    login: found(said, /administrator\s+(\S+)/),
    password: found(said, /password\s+(\S+)/),
    token: found(said, /token\s+(carillon_\S+)/),
  }
  return {
    stage,
    kill: () => end('SIGKILL'),
    async startAgain() {
      server = start(new URL(stage.url).port)
      await hear(server, /serves the handler/)
    },
    async stop() {
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** All that it has said when the pattern is in it. */
export function hear(server: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hearing = (text: string) => {
      said += text
      if (pattern.test(said)) resolve(said)
    }
    server.stdout!.setEncoding('utf8').on('data', hearing)
    server.stderr!.setEncoding('utf8').on('data', hearing)
    server.once('close', () => reject(new Error(`The server ended:\n${said}`)))
  })
}

export function found(said: string, pattern: RegExp): string {
  const value = pattern.exec(said)?.[1]
  if (value === undefined) throw new Error(`The server did not say ${pattern}:\n${said}`)
  return value
}
