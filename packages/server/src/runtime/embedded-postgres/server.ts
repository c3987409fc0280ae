import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { asAccount, childEnvironment } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { listenSettings, type Endpoint } from './endpoint.ts'
import { findOccupant, holderSetting, readLockFile } from './occupant.ts'

/** A PostgreSQL server process that is our child. */
export interface Server {
  pid: number
  exited: Promise<number | null>
  stop: () => Promise<void>
}

export type Launch =
  | { kind: 'ready'; server: Server }
  /** Somebody else took the folder between our look and our start, or a killed server's children still hold its memory. */
  | { kind: 'taken'; output: string }
  | { kind: 'failed'; output: string }

/** An acknowledged commit must survive kill -9 and a power cut. On the command line, so that no file can turn these off. */
const durability = ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on']

/** PostgreSQL ends by "fast shutdown" on SIGINT; by SIGQUIT it leaves at once and recovers at the next start. */
const patienceMs = { fast: 30_000, immediate: 10_000 }

/** Starts the server and waits until it accepts connections. A long recovery is waited out for as long as the process lives. */
export async function launch(
  cluster: Cluster,
  endpoint: Endpoint,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<Launch> {
  const settings = [...durability, ...listenSettings(endpoint), `${holderSetting}=${process.pid}`]
  const args = ['-D', cluster.data, ...settings.flatMap((setting) => ['-c', setting])]
  const [command, ...rest] = diesWithParent()
    ? ['setpriv', '--pdeathsig', 'INT', binaries.postgres, ...args]
    : [binaries.postgres, ...args]
  // A group of its own: Ctrl-C in a terminal reaches us alone, and the node can finish its work before the database goes.
  const child = spawn(command!, rest, {
    ...asAccount(cluster.account),
    cwd: cluster.home,
    env: childEnvironment(),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const output: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text))
  const exited = exitOf(child, output)
  if (await isReady(child, exited, cluster, log)) return { kind: 'ready', server: serverOf(child, exited, cluster, binaries) }
  const said = [output.join('').trim(), lastLogLines(cluster)].filter(Boolean).join('\n')
  const taken = /lock file "[^"]+" already exists|pre-existing shared memory block/.test(said)
  return { kind: taken ? 'taken' : 'failed', output: said }
}

/** Ends a server that lost its Carillon process. It may be on its way already; a second request does no harm. */
export async function endOrphan(pid: number, cluster: Cluster, binaries: Binaries): Promise<void> {
  for (const [signal, patience] of [
    ['INT', patienceMs.fast],
    ['QUIT', patienceMs.immediate],
  ] as const) {
    signalServer(pid, signal, binaries)
    for (const until = performance.now() + patience; performance.now() < until; await pause(20)) {
      const occupant = await findOccupant(cluster.home, cluster.data)
      if (occupant.kind !== 'orphan' || occupant.server !== pid) return
    }
  }
  throw new Error(`PostgreSQL process ${pid}, left behind by an earlier start on ${cluster.data}, does not end. End it by hand.`)
}

/** Linux alone can end a process with its parent. Elsewhere the next start ends what a killed one left behind. */
function diesWithParent(): boolean {
  return process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'INT', 'true'], { stdio: 'ignore' }).status === 0
}

function exitOf(child: ChildProcess, output: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code))
    child.once('error', (error) => {
      output.push(error.message)
      resolve(null)
    })
  })
}

async function isReady(
  child: ChildProcess,
  exited: Promise<unknown>,
  cluster: Cluster,
  log: (line: string) => void,
): Promise<boolean> {
  const gone = exited.then(() => 'gone' as const)
  let nextNotice = performance.now() + 5_000
  for (;;) {
    if ((await Promise.race([gone, pause(10)])) === 'gone') return false
    const lock = readLockFile(cluster.data)
    if (lock?.ready === true && lock.pid === child.pid) return true
    if (performance.now() < nextNotice) continue
    nextNotice += 5_000
    log('PostgreSQL is recovering from a hard stop; still waiting …')
  }
}

function serverOf(child: ChildProcess, exited: Promise<number | null>, cluster: Cluster, binaries: Binaries): Server {
  const pid = child.pid!
  let stopping: Promise<void> | undefined
  // Where the system does not end the server with us, at least an orderly process.exit() does.
  const onExit = (): void => signalServer(pid, 'INT', binaries)
  process.once('exit', onExit)
  void exited.then(() => process.off('exit', onExit))
  return { pid, exited, stop: () => (stopping ??= stopServer(pid, exited, cluster, binaries)) }
}

async function stopServer(pid: number, exited: Promise<number | null>, cluster: Cluster, binaries: Binaries): Promise<void> {
  for (const [signal, patience] of [
    ['INT', patienceMs.fast],
    ['QUIT', patienceMs.immediate],
  ] as const) {
    signalServer(pid, signal, binaries)
    const giveUp = new AbortController()
    const late = pause(patience, 'late' as const, { signal: giveUp.signal }).catch(() => 'late' as const)
    const outcome = await Promise.race([exited.then(() => 'gone' as const), late])
    giveUp.abort()
    if (outcome === 'gone') return
  }
  throw new Error(`PostgreSQL process ${pid} on ${cluster.data} does not end. End it by hand.`)
}

/** Windows has no signals; there PostgreSQL listens to its own, which pg_ctl sends. */
function signalServer(pid: number, signal: 'INT' | 'QUIT', binaries: Binaries): void {
  if (process.platform === 'win32') {
    spawnSync(binaries.pgCtl, ['kill', signal, String(pid)], { stdio: 'ignore', windowsHide: true })
    return
  }
  try {
    process.kill(pid, `SIG${signal}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Once its log collector runs, PostgreSQL says why it failed only in the newest of these files. */
function lastLogLines(cluster: Cluster): string {
  const folder = join(cluster.data, 'log')
  try {
    const files = readdirSync(folder).map((name) => join(folder, name))
    const newest = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]
    return newest === undefined ? '' : readFileSync(newest, 'utf8').trim().split('\n').slice(-5).join('\n')
  } catch {
    return ''
  }
}
