import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { READY } from '../process/end-with-parent.ts'

/** A real process of ours that can be hurt. */
export interface Child {
  readonly name: string
  readonly pid: number
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Settles when it has ended, however. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly running: boolean
  kill(): Promise<void>
  pause(): void
  resume(): void
}

export interface Program {
  readonly name: string
  /** A module of `process/`, without its ending. */
  readonly module: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Node's own options, before the module. */
  readonly nodeOptions?: readonly string[]
}

/** Generous: several nodes may be starting on a busy machine. */
const READY_WITHIN_MS = 60_000

const living = new Set<ChildProcess>()
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')))

/** The compiled programs, whether this file runs from the sources or from the build. */
export function programFile(module: string): string {
  return fileURLToPath(new URL(`../../dist/process/${module}.js`, import.meta.url))
}

/**
 * Starts a program and waits for the line in which it says that it is ready. The program ends with us: it watches its standard input,
 * which closes when we die.
 */
export async function startChild({ name, module, env, cwd, nodeOptions = [] }: Program): Promise<Child> {
  const child = spawn(process.execPath, [...nodeOptions, programFile(module)], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  living.add(child)
  const log = createWriteStream(`${cwd}/${name}.log`, { flags: 'a' })
  child.stderr.pipe(log, { end: false })
  child.stdout.pipe(log, { end: false })
  child.stdin.on('error', () => undefined)
  let running = true
  const exited: Child['exited'] = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running = false
      living.delete(child)
      log.write(`--- ended: ${code ?? signal}\n`, () => log.close())
      resolve({ code, signal })
    })
  })
  const impatience = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS)
  const ready = await readyLine(child, exited, name)
  clearTimeout(impatience)
  return {
    name,
    pid: child.pid!,
    ready,
    exited,
    get running() {
      return running
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

function readyLine(child: ChildProcess, exited: Child['exited'], name: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith(READY)) resolve(JSON.parse(line.slice(READY.length)) as Record<string, unknown>)
    })
    void exited.then(({ code, signal }) =>
      reject(new Error(`${name} ended (${code ?? signal}) before it was ready; see ${name}.log`)),
    )
  })
}
