import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { Executor } from '@carillon/executor'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino, type Logger } from 'pino'
import { nodeIdOf, type Config } from './config.ts'
import { prepareFirstAccess, type FirstAccess } from './definition/first-access.ts'
import { createLifecycle } from './lifecycle/create-lifecycle.ts'
import { createNodeApi } from './node/api.ts'
import { openBase, vaultOf, type Base } from './node/base.ts'
import { builtinExecutor } from './node/builtin.ts'
import { causeOf } from './node/cause.ts'
import { openExecutorLines, type ExecutorLines } from './node/executors.ts'
import { loadPresets } from './presets/load-presets.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './runtime/embedded-postgres.ts'
import { tuneV8 } from './runtime/v8.ts'
import { startServices, type Services } from './services.ts'
import { openDatabase, type Transaction } from './storage/database.ts'
import { assertDurable } from './storage/durability.ts'
import { resign } from './storage/leader.ts'
import { assertSchema, migrate } from './storage/migrate.ts'
import { beatNode, leaveNode } from './storage/server-node.ts'

export const VERSION = '0.1.0'

export interface RunningServer {
  /** Where the API answers: `http://127.0.0.1:7070`. */
  readonly url: string
  readonly nodeId: string
  /** Connection string of the database that it works on, password included: for the process that started the node, never to be shown. */
  readonly databaseUrl: string
  /** On the very first start only: what was generated. It is kept nowhere in clear. */
  readonly firstAccess: FirstAccess | null
  /** Settles when the embedded database has ended, whoever ended it; never with a database of one's own. */
  readonly databaseLost: Promise<void>
  /** Leaves in order: takes no new requests, ends its loops, gives its leases back. */
  stop(): Promise<void>
}

/** Starts a server node: database, schema, loops, built-in executor, HTTP. Throws with a clear message when something is missing. */
export async function startServer(
  config: Config,
  options: { log?: Logger; progress?: (line: string) => void } = {},
): Promise<RunningServer> {
  tuneV8()
  const log = options.log ?? pino({ level: config.logLevel })
  const progress = options.progress ?? ((line: string) => log.info(line))
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: progress }) : null
  try {
    return await startNode(config, log, progress, embedded)
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** What `carillon secrets rotate-key` does: every data key that an older master key wraps is wrapped by the present one. */
export async function rotateMasterKey(url: string, config: Config): Promise<number> {
  const vault = vaultOf(config)
  const db = openDatabase({ url, sizes: { engine: 1, api: 1, lease: 1, aside: 1, reads: 1, console: 1, survey: 1, live: 1 } })
  try {
    let rewrapped = 0
    for (let more = 1; more > 0; rewrapped += more) more = await db.engine((tx) => vault.rewrap(tx, REWRAPPED_AT_ONCE))
    return rewrapped
  } finally {
    await db.close()
  }
}

const REWRAPPED_AT_ONCE = 500

async function startNode(
  config: Config,
  log: Logger,
  progress: (line: string) => void,
  embedded: EmbeddedPostgres | null,
): Promise<RunningServer> {
  const url = config.databaseUrl ?? embedded!.url
  const vault = vaultOf(config)
  await prepareSchema(url, config, progress)
  const nodeId = nodeIdOf(config)
  // Nodes often write to one place: from here on each line says whose it is.
  const ownLog = log.child({ node: nodeId })
  const base = openBase({ url, nodeId, vault, config, log: ownLog })
  const node = assemble(base, config, ownLog)
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await end(node)
    await embedded?.stop()
  }
  try {
    const address = await begin(node)
    // Last: what is generated here is known to nobody until the caller has said it, and a start that fails after it would lose it for good.
    const firstAccess = await prepareFirstAccess(base.db)
    const databaseLost = embedded ? embedded.exited.then(() => undefined) : new Promise<void>(() => undefined)
    return {
      ...{ url: address, nodeId: base.nodeId, databaseUrl: url, firstAccess, databaseLost },
      stop: () => (stopping ??= stop()),
    }
  } catch (error) {
    // A start that failed leaves nothing behind that would keep the process alive.
    await stop().catch((reason: unknown) => ownLog.warn(causeOf(reason), 'Could not leave in order'))
    throw error
  }
}

/** The parts of a node, put together. */
interface Node {
  readonly config: Config
  readonly log: Logger
  readonly base: Base
  readonly lines: ExecutorLines
  readonly app: FastifyInstance
  /** Aborted when this node leaves: from then on it gives no work, so that nothing is handed out whose result it could not take. */
  readonly leaving: AbortController
  /** What it has once it has begun. */
  readonly running: { address: string | null; services: Services | null; builtin: Executor | null }
}

/** Nothing moves yet. */
function assemble(base: Base, config: Config, log: Logger): Node {
  const running: Node['running'] = { address: null, services: null, builtin: null }
  const leaving = new AbortController()
  const mayGive = () => !leaving.signal.aborted && running.services?.state() !== 'DRAINING'
  const lines = openExecutorLines(base, { config, mayGive, leaving: leaving.signal })
  const lifecycle = createLifecycle(base.engine, {
    wakeFiring: () => running.services?.wakeFiring(),
    wakeBackfill: () => running.services?.wakeBackfill(),
  })
  const app = createNodeApi(base, lines, { config, log, lifecycle, address: () => running.address })
  return { config, log, base, lines, app, leaving, running }
}

/** Answers where it listens. */
async function begin({ config, log, base, lines, app, running }: Node): Promise<string> {
  const { db, engine, firing, clock, nodeId } = base
  const node = { id: nodeId, name: hostname(), version: VERSION, address: () => running.address }
  await firing.days.openAhead()
  await loadPresets(db, { onRefused: (code, error) => engine.report('preset.refused', { code, error }) })
  await db.engine((tx) => engine.queues.refresh(tx))
  await lines.egress.refresh()
  await app.listen({ host: config.host, port: config.port })
  const address = addressOf(config.host, app.server.address() as AddressInfo)
  running.address = address
  clock.observe((await db.lease((tx) => beatNode(tx, { ...node, address, first: true }))).now)
  running.services = startServices({
    ...{ engine, firing, clock, config, node },
    egress: lines.egress,
    push: lines.push,
    health: lines.health,
    xxlJob: lines.keeper,
  })
  if (config.builtinExecutor) {
    running.builtin = builtinExecutor(base, lines, { config, address, log })
    await running.builtin.start()
  }
  return address
}

/** In the order in which nothing is lost; also of a node that has begun by half. */
async function end({ base, lines, app, leaving, running }: Node): Promise<void> {
  leaving.abort()
  await running.builtin?.drain()
  await app.close()
  await running.services?.stop()
  await lines.close()
  if (running.address !== null) await base.db.engine((tx) => leave(tx, base.nodeId))
  await base.close()
}

async function leave(tx: Transaction, nodeId: string): Promise<void> {
  await resign(tx, nodeId)
  await leaveNode(tx, nodeId)
}

async function prepareSchema(url: string, config: Config, progress: (line: string) => void): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await assertDurable(client, { allowUnsafeDurability: config.allowUnsafeDurability })
    await migrate(url, { log: progress })
    await assertSchema(client)
  } finally {
    await client.end()
  }
}

function addressOf(host: string, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
