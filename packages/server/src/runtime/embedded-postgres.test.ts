import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { reachEmbeddedPostgres, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'
import { isAlive } from './embedded-postgres/occupant.ts'

const isRoot = process.getuid?.() === 0
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function newFolder(): string {
  const folder = temporaryFolder('embedded')
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** One first start, which the tests of that look at; once it is stopped, copies of it spare the others an initdb of their own. */
let made: string
let lines: string[]
let running: EmbeddedPostgres
beforeAll(async () => {
  made = temporaryFolder('made')
  process.env.CARILLON_CANARY = 'secret'
  lines = []
  running = await startEmbeddedPostgres({ dataDir: made, log: (line) => lines.push(line) })
  delete process.env.CARILLON_CANARY
})
afterAll(async () => {
  await running.stop()
  rmSync(made, { recursive: true, force: true })
})

async function usedFolder(): Promise<string> {
  await running.stop()
  const folder = newFolder()
  execFileSync('cp', ['-a', join(made, 'postgres'), folder])
  return folder
}

async function start(dataDir: string, options: { port?: number; accounts?: string[] } = {}) {
  const lines: string[] = []
  const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => lines.push(line), ...options })
  cleanups.push(() => postgres.stop())
  return { ...postgres, lines }
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

interface Message {
  url?: string
  pid?: number
  error?: string
  log?: string
}

/** A Carillon process of its own (see the helper) up to where it runs or has failed. */
class Node {
  readonly process: ChildProcess
  readonly lines: string[] = []
  readonly outcome: Promise<Message>

  constructor(dataDir: string, { as, accounts = [] }: { as?: string; accounts?: string[] } = {}) {
    const runner = fileURLToPath(new URL('../testing/run-typescript.mjs', import.meta.url))
    const helper = fileURLToPath(new URL('./embedded-postgres.test-helper.ts', import.meta.url))
    const args = [process.execPath, runner, helper, dataDir, ...accounts]
    const [command, ...rest] = as === undefined ? args : ['setpriv', `--reuid=${as}`, '--clear-groups', ...args]
    this.process = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
    cleanups.push(() => this.end())
    this.outcome = this.#listen()
  }

  async running(): Promise<{ url: string; pid: number }> {
    const { url, pid, error } = await this.outcome
    if (url === undefined || pid === undefined) throw new Error(error ?? 'the process ended without a word')
    return { url, pid }
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#gone()
  }

  async end(): Promise<void> {
    this.process.stdin?.end()
    await this.#gone()
  }

  async #gone(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
  }

  async #listen(): Promise<Message> {
    for await (const line of createInterface(this.process.stdout!)) {
      const message = JSON.parse(line) as Message
      if (message.log === undefined) return message
      this.lines.push(message.log)
    }
    return {}
  }
}

/** Waits for what the kernel does in its own time. */
async function until(what: () => boolean): Promise<void> {
  await expect.poll(what, { timeout: 15_000, interval: 20 }).toBe(true)
}

describe('a first start', () => {
  test('makes a UTF-8 database with checksums, sorted by code point, that nothing can make lose a commit', async () => {
    const { url } = running
    const [row] = await query(
      url,
      `SELECT current_database() AS database, datlocprovider AS provider, datlocale AS locale, pg_encoding_to_char(encoding) AS encoding,
              current_setting('data_checksums') AS checksums, current_setting('fsync') AS fsync,
              current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commit,
              current_setting('max_connections') AS connections, current_setting('TimeZone') AS zone, upper('ähm') AS upper
       FROM pg_database WHERE datname = current_database()`,
    )
    expect(row).toEqual({
      database: 'carillon',
      provider: 'b',
      locale: 'C.UTF-8',
      encoding: 'UTF8',
      checksums: 'on',
      fsync: 'on',
      pages: 'on',
      commit: 'on',
      connections: '100',
      zone: 'UTC',
      upper: 'ÄHM',
    })
  })

  test('tells of each step that takes time', async () => {
    expect(lines.join('\n')).toMatch(/Creating a PostgreSQL 18 database in .*\n.*runs as process \d+/)
  })

  test.runIf(process.platform !== 'win32')('opens no network port, and closes the socket to others', async () => {
    const { url } = running
    const [row] = await query<{ listen: string; sockets: string }>(
      url,
      `SELECT current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS sockets`,
    )
    expect(row!.listen).toBe('')
    expect(statSync(row!.sockets.replaceAll('"', '')).mode & 0o777).toBe(0o700)
  })

  test('asks for the password that it generated, and keeps that for its own eyes', async () => {
    const { url } = running
    const file = join(made, 'postgres', 'password')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(url).toContain(readFileSync(file, 'utf8').trim())
    await expect(query(url.replace(/:[^:@]*@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  })

  test('shows the server none of our environment but what it needs', async () => {
    const environment = readFileSync(`/proc/${running.pid}/environ`, 'utf8')
    expect(environment).toContain('LC_ALL=C')
    expect(environment).not.toContain('CARILLON_CANARY')
  })

  test('puts the server out of reach of Ctrl-C in our terminal', () => {
    const group = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[2]!
    expect(group(running.pid)).not.toBe(group(process.pid))
  })
})

describe('where it listens', () => {
  test('listens on the port of the loopback interface that it is given, with the same password', async () => {
    const port = 20_000 + (process.pid % 20_000)
    const { url } = await start(await usedFolder(), { port })
    expect(url).toContain(`@127.0.0.1:${port}/`)
    expect(await query(url, 'SELECT inet_server_port() AS port')).toEqual([{ port }])
    await expect(query(url.replace(/:[^:@]*@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  })

  test('works in a folder whose name is long, has spaces, commas, quotes and Chinese letters', async () => {
    const dataDir = join(newFolder(), `a "b", 编钟 ${'x'.repeat(120)}`)
    const { url } = await start(dataDir)
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    const socket = join('/tmp', decodeURIComponent(/host=([^&]*)/.exec(url)![1]!).slice('/tmp'.length))
    cleanups.unshift(() => rmSync(socket, { recursive: true, force: true }))
  })
})

describe('work beside a node', () => {
  test.for([{}, { port: 54_329 }])('reaches the server that the node runs, and leaves it running (%o)', async (where) => {
    const folder = await usedFolder()
    const node = await start(folder, where)
    const beside = await reachEmbeddedPostgres({ dataDir: folder, log: () => undefined })
    expect(beside.url).toBe(node.url)
    await beside.stop()
    expect(await query(node.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('starts a server where no node runs, and stops it again', async () => {
    const folder = await usedFolder()
    const { url, stop } = await reachEmbeddedPostgres({ dataDir: folder, log: () => undefined })
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await stop()
    await expect(query(url, 'SELECT 1')).rejects.toThrow()
  })
})

describe('a later start', () => {
  test('finds the data of the earlier one', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const second = await start(dataDir)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    expect(second.lines.join()).not.toContain('Creating')
  })

  test('refuses data of another PostgreSQL major and says how to move it', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await first.stop()
    writeFileSync(join(dataDir, 'postgres', 'data', 'PG_VERSION'), '17\n')
    await expect(start(dataDir)).rejects.toThrow(/made by PostgreSQL 17, but this Carillon brings PostgreSQL 18.*dump/s)
  })

  test('goes on after a postmaster.pid that names a living process which is no PostgreSQL', async () => {
    // After a container starts over, the old numbers belong to others: here, to this very test.
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    const lock = readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8')
    await first.stop()
    writeFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), lock.replace(/^\d+/, String(process.pid)))
    const second = await start(dataDir)
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(second.lines.join('\n')).toContain(`names process ${process.pid}, which is no PostgreSQL of this folder`)
  })

  test('says what PostgreSQL said when it cannot start', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first.url, `ALTER SYSTEM SET shared_buffers = '900TB'`).catch(() => {})
    await first.stop()
    const settings = join(dataDir, 'postgres', 'data', 'postgresql.auto.conf')
    writeFileSync(settings, 'no_such_setting = 1\n')
    await expect(start(dataDir)).rejects.toThrow(/did not start.*unrecognized configuration parameter "no_such_setting"/s)
  })

  test('begins anew where a first start was killed in the middle of initdb', async () => {
    const dataDir = newFolder()
    const dead = spawnSync('true').pid
    mkdirSync(join(dataDir, 'postgres', `data.new-${dead}`), { recursive: true })
    const { url } = await start(dataDir)
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(existsSync(join(dataDir, 'postgres', `data.new-${dead}`))).toBe(false)
  })
})

describe('stopping', () => {
  test('ends the server in order, connections included, and is safe to repeat', async () => {
    const dataDir = await usedFolder()
    const { url, pid, stop, exited } = await start(dataDir)
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    await Promise.all([stop(), stop()])
    expect(await exited).toBe(0)
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'))).toBe(false)
  })

  test.runIf(process.platform === 'linux')('the server goes when our process is killed with -9', async () => {
    const node = new Node(await usedFolder())
    const { pid } = await node.running()
    expect(isAlive(pid)).toBe(true)
    await node.kill()
    await until(() => !isAlive(pid))
  })
})

describe('after kill -9', () => {
  test('of our process, a start right afterwards works and finds every commit', async () => {
    const dataDir = await usedFolder()
    const node = new Node(dataDir)
    const { url } = await node.running()
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await node.kill()
    const second = await start(dataDir)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  test('of the server, we are told, and a start right afterwards works and finds every commit', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(first.pid, 'SIGKILL')
    expect(await first.exited).toBe(null)
    const second = await start(dataDir)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  test('of our process where the system leaves the server behind, the next start ends that server and goes on', async () => {
    const dataDir = await usedFolder()
    const node = new Node(dataDir)
    const { url, pid } = await node.running()
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    // Stopped, it cannot follow the kernel's request to end with its parent: as on a system that makes none.
    process.kill(pid, 'SIGSTOP')
    await node.kill()
    expect(isAlive(pid)).toBe(true)
    const next = start(dataDir)
    process.kill(pid, 'SIGCONT')
    const second = await next
    await until(() => !isAlive(pid))
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })
})

describe('two starts on one folder', () => {
  test('the second says clearly who holds it, and disturbs nobody', async () => {
    const dataDir = await usedFolder()
    const node = new Node(dataDir)
    const { url, pid } = await node.running()
    await expect(start(dataDir)).rejects.toThrow(
      `is in use: Carillon process ${node.process.pid} runs PostgreSQL process ${pid} there. Stop that first`,
    )
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('at the same moment on an empty folder: one runs, the others say that it does', async () => {
    const dataDir = newFolder()
    const nodes = [new Node(dataDir), new Node(dataDir), new Node(dataDir)]
    const outcomes = await Promise.all(nodes.map((node) => node.outcome))
    const winners = outcomes.flatMap(({ url, pid }) => (url === undefined ? [] : [{ url, pid }]))
    expect(winners).toHaveLength(1)
    expect(await query(winners[0]!.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    for (const { error } of outcomes.filter(({ url }) => url === undefined))
      expect(error).toMatch(new RegExp(`is in use: Carillon process \\d+ runs PostgreSQL process ${winners[0]!.pid} there`))
  })

  test.runIf(process.platform === 'linux')('a server in another pid namespace is found by its socket', async () => {
    // As when two containers share a volume: postmaster.pid then names a process that is not to be seen from here.
    const dataDir = await usedFolder()
    await start(dataDir)
    const lock = join(dataDir, 'postgres', 'data', 'postmaster.pid')
    const text = readFileSync(lock, 'utf8')
    writeFileSync(lock, text.replace(/^\d+/, String(spawnSync('true').pid)))
    await expect(start(dataDir)).rejects.toThrow(/another container or namespace answers on its socket/)
    writeFileSync(lock, text)
  })

  test.runIf(process.platform === 'linux')('a PostgreSQL that somebody started by hand is left alone', async () => {
    const dataDir = await usedFolder()
    const first = await start(dataDir)
    const [binary, ...args] = readFileSync(`/proc/${first.pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    const { uid, gid } = statSync(join(dataDir, 'postgres', 'data'))
    await first.stop()
    const withoutName = args
      .join('\0')
      .replace(/\0-c\0carillon\.holder=\d+/, '')
      .split('\0')
    const byHand = spawn(binary!, withoutName, { uid, gid, cwd: '/', env: {}, stdio: 'ignore' })
    cleanups.push(() => {
      byHand.kill('SIGINT')
      return once(byHand, 'exit')
    })
    await until(() => existsSync(join(dataDir, 'postgres', 'data', 'postmaster.pid')))
    await expect(start(dataDir)).rejects.toThrow(`PostgreSQL process ${byHand.pid}, which Carillon did not start, runs there`)
  })
})

describe.runIf(isRoot && process.platform === 'linux')('started by root', () => {
  test('the server runs as postgres, or as nobody on a machine without that account', async () => {
    const { pid } = await start(newFolder(), { accounts: ['no-such-account', 'nobody'] })
    const owner = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout.trim()
    expect(String(statSync(`/proc/${pid}`).uid)).toBe(owner)
  })

  test('says what to do when it has no account to lend', async () => {
    await expect(start(await usedFolder(), { accounts: ['no-such-account'] })).rejects.toThrow(/refuses to run as root.*useradd/s)
  })

  test('a data folder under a closed home works: the database lives elsewhere, behind a link', async () => {
    const closed = newFolder()
    chmodSync(closed, 0o700)
    const dataDir = join(closed, 'checkout', '.carillon')
    const first = await start(dataDir)
    const target = join(dataDir, 'postgres')
    expect(lstatSync(target).isSymbolicLink()).toBe(true)
    expect(first.lines.join('\n')).toMatch(/may not enter .*, so the database lives in \/var\/lib\/carillon\/data-/)
    const home = dirname(/on (\/var\/lib\/carillon\/data-\w+\/data)/.exec(first.lines.join('\n'))![1]!)
    cleanups.unshift(() => rmSync(home, { recursive: true, force: true }))
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const second = await start(dataDir)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  test('data of an ordinary user goes on running as that user', async () => {
    const dataDir = newFolder()
    const first = await start(dataDir, { accounts: ['nobody'] })
    await first.stop()
    const second = await start(dataDir)
    expect(statSync(`/proc/${second.pid}`).uid).toBe(statSync(join(dataDir, 'postgres', 'data')).uid)
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('an ordinary user starts it just as well, and is told when the data is not theirs', async () => {
    const theirs = newFolder()
    spawnSync('chown', ['nobody', theirs])
    const { pid } = await new Node(theirs, { as: 'nobody' }).running()
    expect(statSync(`/proc/${pid}`).uid).toBe(statSync(theirs).uid)

    const ours = await usedFolder()
    expect((await new Node(ours, { as: 'nobody' }).outcome).error).toMatch(/permission denied|belongs to user/i)
  })
})
