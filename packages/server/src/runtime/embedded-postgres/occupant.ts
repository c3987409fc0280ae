import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

// Who holds a database folder. PostgreSQL leaves postmaster.pid behind when it is killed, and its pid may since have been given to
// any other process (in a container that starts over, it nearly always has). So the file alone proves nothing; the process is asked.

/** The setting by which a server's command line names the Carillon process that started it. PostgreSQL allows unknown dotted names. */
export const holderSetting = 'carillon.holder'

export type Occupant =
  | { kind: 'none' }
  /** A Carillon process is alive and runs a server here. */
  | { kind: 'held'; server: number; holder: number }
  /** A server runs here whose Carillon process is dead: it may be stopped. */
  | { kind: 'orphan'; server: number }
  /** A server runs here that is not ours to stop. */
  | { kind: 'stranger'; detail: string }
  /** postmaster.pid names a process that is provably something else, over which PostgreSQL would stumble. */
  | { kind: 'leftover'; pid: number; file: string }

export interface LockFile {
  pid: number
  ready: boolean
  /** Where the server listens; the folder is empty where it has no Unix socket. */
  port: number
  socketFolder: string
}

/** PostgreSQL's own lock file; `undefined` if there is none (or PostgreSQL is just writing it). */
export function readLockFile(data: string): LockFile | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    // A negative number would mark a single-user session; PostgreSQL reports that case well by itself.
    if (!Number.isInteger(pid) || pid <= 0) return undefined
    return { pid, ready: lines[7]?.trim() === 'ready', port: Number(lines[3]), socketFolder: lines[4]?.trim() ?? '' }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function findOccupant(home: string, data: string): Promise<Occupant> {
  const lock = readLockFile(data)
  const seen = lock === undefined ? undefined : inspect(lock.pid, data)
  if (seen?.servesHere === true) return judge(lock!.pid, seen)
  if (seen?.servesHere === 'unknown')
    return { kind: 'stranger', detail: `process ${lock!.pid}, which this account may not look at, is named in postmaster.pid` }
  // Processes of another container are invisible here, but a socket in a shared volume answers all the same.
  if (await answers(join(home, 'socket', '.s.PGSQL.5432')))
    return { kind: 'stranger', detail: 'a PostgreSQL in another container or namespace answers on its socket' }
  if (lock !== undefined && seen !== undefined) return { kind: 'leftover', pid: lock.pid, file: join(data, 'postmaster.pid') }
  return { kind: 'none' }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What the system tells about a living process. */
interface Seen {
  servesHere: boolean | 'unknown'
  holder: number | undefined
  /** `undefined` where the system keeps the first parent's number for good (Windows). */
  parent: number | undefined
}

function judge(server: number, { holder, parent }: Seen): Occupant {
  if (holder === undefined)
    return { kind: 'stranger', detail: `PostgreSQL process ${server}, which Carillon did not start, runs there` }
  const alive = parent === undefined ? isAlive(holder) : parent === holder
  return alive ? { kind: 'held', server, holder } : { kind: 'orphan', server }
}

/** `undefined` if there is no such process. */
function inspect(pid: number, data: string): Seen | undefined {
  if (!isAlive(pid)) return undefined
  if (process.platform === 'linux') return inspectLinux(pid, data)
  return process.platform === 'win32' ? inspectWindows(pid, data) : inspectByPs(pid, data)
}

/** A server works in its data folder. A zombie or a thread of another process has another working folder, or none. */
function inspectLinux(pid: number, data: string): Seen {
  try {
    const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return { servesHere: readlinkSync(`/proc/${pid}/cwd`) === data, holder: holderIn(command), parent }
  } catch (error) {
    const hidden = ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
    return { servesHere: hidden ? 'unknown' : false, holder: undefined, parent: undefined }
  }
}

/** macOS has no /proc. Written with care, but no Mac was at hand to run it on. */
function inspectByPs(pid: number, data: string): Seen {
  const line = output('ps', ['-ww', '-o', 'ppid=', '-o', 'command=', '-p', String(pid)])?.trim() ?? ''
  return { servesHere: line.includes(`-D ${data} `), holder: holderIn(line), parent: Number(line.split(' ')[0]) }
}

/** Windows shows no foreign command lines without WMI; PostgreSQL keeps its own in a file. Not run on a Windows machine either. */
function inspectWindows(pid: number, data: string): Seen {
  const task = output('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']) ?? ''
  const options = join(data, 'postmaster.opts')
  const command = existsSync(options) ? readFileSync(options, 'utf8') : ''
  return { servesHere: task.toLowerCase().includes('"postgres.exe"'), holder: holderIn(command), parent: undefined }
}

function holderIn(command: string): number | undefined {
  const found = /carillon\.holder=(\d+)/.exec(command)?.[1]
  return found === undefined ? undefined : Number(found)
}

function output(command: string, args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true })
  } catch {
    return undefined
  }
}

function answers(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const attempt = connect(socket)
    attempt.once('connect', () => resolve(true)).once('error', () => resolve(false))
    attempt.once('close', () => attempt.destroy())
    attempt.once('connect', () => attempt.destroy())
  })
}
