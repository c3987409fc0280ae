import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A server as `npm start` has it: its own database, the example executor, and the console that was built from the present sources. */
export interface Stage {
  readonly url: string
  readonly login: string
  readonly password: string
  readonly token: string
}

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'ensure-built.mjs')], { stdio: 'inherit' })
  if (built.status !== 0) throw new Error('The build failed; see above.')
  const folder = mkdtempSync(join(tmpdir(), 'carillon-browser-'))
  const args = [join(root, 'packages', 'cli', 'dist', 'main.js'), 'dev', '--port', '0']
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = await hear(server, /serves the handler/)
  project.provide('stage', {
    url: found(said, /Carillon runs at (http:\S+)/),
    login: found(said, /administrator\s+(\S+)/),
    password: found(said, /password\s+(\S+)/),
    token: found(said, /token\s+(carillon_\S+)/),
  })
  return async () => {
    const ended = once(server, 'close')
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All that it has said when the pattern is in it. */
function hear(server: ChildProcess, pattern: RegExp): Promise<string> {
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

function found(said: string, pattern: RegExp): string {
  const value = pattern.exec(said)?.[1]
  if (value === undefined) throw new Error(`The server did not say ${pattern}:\n${said}`)
  return value
}
