import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { LineSplitter } from './line-splitter.ts'

export interface ScriptLimits {
  /** Seconds of processor time. */
  readonly cpuSeconds?: number
  /** Memory of each process. */
  readonly memoryMb?: number
  /** The largest file that it may write. */
  readonly fileMb?: number
  /** Processes of the user that runs it. */
  readonly processes?: number
  /** 0 to 19: how far it stands back behind others. */
  readonly nice?: number
}

export interface ScriptCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly limits: ScriptLimits
  readonly user: { readonly uid: number; readonly gid: number } | null
  readonly killAfterMs: number
  readonly signal: AbortSignal
  readonly onLine: (source: 'stdout' | 'stderr', line: string) => void
}

export interface ScriptEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How long output is awaited from pipes that something outside of the group still holds. */
const DRAIN_MS = 1_000

/**
 * Runs a command as the leader of a process group of its own. When `signal` is aborted the whole group is asked to end, and killed after
 * `killAfterMs`; whatever is left of it when the leader has ended is killed as well, so that nothing outlives its attempt. (A process that
 * makes a session of its own gets away; to hold those needs a container.)
 */
export async function runScript(script: ScriptCommand): Promise<ScriptEnd> {
  const [command, ...args] = wrapped(script)
  const child = spawn(command!, args, {
    cwd: script.folder,
    env: { ...script.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(script.user && { uid: script.user.uid, gid: script.user.gid }),
  })
  const output = Promise.all([listen(child, 'stdout', script.onLine), listen(child, 'stderr', script.onLine)])
  const ended = new Promise<ScriptEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  let kill: NodeJS.Timeout | undefined
  const stop = () => {
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), script.killAfterMs)
  }
  if (script.signal.aborted) stop()
  script.signal.addEventListener('abort', stop)
  try {
    const end = await ended
    signalGroup(child, 'SIGKILL')
    await drained(child, output)
    return end
  } finally {
    script.signal.removeEventListener('abort', stop)
    clearTimeout(kill)
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Nothing is left of it.
  }
}

async function listen(child: ChildProcess, source: 'stdout' | 'stderr', onLine: ScriptCommand['onLine']): Promise<void> {
  const lines = new LineSplitter((line) => onLine(source, line))
  try {
    for await (const chunk of child[source]!.setEncoding('utf8')) lines.write(chunk as string)
  } catch {
    // Cut off below.
  }
  lines.end()
}

async function drained(child: ChildProcess, output: Promise<unknown>): Promise<void> {
  const cut = setTimeout(() => {
    child.stdout!.destroy()
    child.stderr!.destroy()
  }, DRAIN_MS)
  await output
  clearTimeout(cut)
}

// ───────────────────────────────────────────────────────────────── limits

/** This system cannot do what the settings ask for. */
export class LimitsUnavailable extends Error {
  override readonly name = 'LimitsUnavailable'
  readonly code = 'SCRIPT_LIMITS'
  readonly retriable = false
}

function wrapped({ command, args, limits }: ScriptCommand): string[] {
  const { nice, ...resources } = limits
  const flags = prlimitFlags(resources)
  const prlimit = flags.length === 0 ? [] : [needed('prlimit'), ...flags, '--']
  // Where the executor itself is killed, nobody is left to kill its scripts.
  const setpriv = programPath('setpriv')
  const last = setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--']
  return [...(nice === undefined ? [] : [needed('nice'), '-n', String(nice)]), ...prlimit, ...last, command, ...args]
}

const MB = 1_048_576

function prlimitFlags({ cpuSeconds, memoryMb, fileMb, processes }: Omit<ScriptLimits, 'nice'>): string[] {
  return [
    ...(cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`]),
    // What is really written to: interpreters reserve addresses by the gigabyte that they never touch.
    ...(memoryMb === undefined ? [] : [`--data=${memoryMb * MB}`]),
    ...(fileMb === undefined ? [] : [`--fsize=${fileMb * MB}`]),
    ...(processes === undefined ? [] : [`--nproc=${processes}`]),
  ]
}

function needed(program: string): string {
  const path = programPath(program)
  if (path !== null) return path
  throw new LimitsUnavailable(
    `The settings limit resources, but this executor's system has no ${program} (package util-linux or coreutils)`,
  )
}

function programPath(program: string): string | null {
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter)
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}
