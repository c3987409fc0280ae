import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** The command as it is installed: compiled, in a process of its own. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** A `carillon` process under way. */
export class Started {
  readonly process: ChildProcess
  readonly exited: Promise<number | NodeJS.Signals>
  stdout = ''
  stderr = ''
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [MAIN, ...args], {
      cwd: ROOT,
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stdout += text)))
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.stderr += text)))
    this.exited = once(this.process, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
    void this.exited.then(() => this.#heard(() => undefined))
  }

  #heard(note: () => void): void {
    note()
    for (const look of this.#waiting) look()
  }

  /** What the pattern finds in the output, as soon as it does; fails when the process ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
        if (found) resolve(found)
        else if (this.process.exitCode !== null || this.process.signalCode !== null)
          reject(new Error(`It ended without ${pattern}:\n${this.stdout}\n${this.stderr}`))
        else return
        this.#waiting.delete(look)
      }
      this.#waiting.add(look)
      look()
    })
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name)
  }

  /** Asks it to leave, and waits. */
  stop(): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM')
    return this.exited
  }
}

/** Nothing of the environment of whoever runs the tests may choose another server or folder. */
export function environment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CARILLON_|EXAMPLES_|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$|VITEST|NODE_ENV$)/.test(name),
  )
  return { ...Object.fromEntries(inherited), ...own }
}
