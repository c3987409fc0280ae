import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { callbackRoutes, executorRoutes } from '@carillon/contract'
import type { Executor } from '@carillon/executor'
import pg from 'pg'
import { pino, type Logger } from 'pino'
import { allowsPrivateEgress, nodeIdOf, publicUrlOf, type Config } from './config.ts'
import { createBuiltinExecutor, type BuiltinExecutorOptions } from './builtin/builtin-executor.ts'
import { guardedConnect } from './builtin/egress-guard.ts'
import { createKnownTasks } from './lifecycle/known-tasks.ts'
import { prepareFirstAccess, type FirstAccess } from './definition/first-access.ts'
import { createXxlJobClient } from './gateway/xxl-job/client.ts'
import { createKeeper } from './gateway/xxl-job/look-after.ts'
import { serveXxlJob } from './gateway/xxl-job/routes.ts'
import { createXxlJobTransport, type GatewayDeps } from './gateway/xxl-job/transport.ts'
import { createApi } from './http/api.ts'
import { callbackHandlers } from './http/callback-api.ts'
import { executorHandlers } from './http/executor-api.ts'
import { computedProblems } from './definition/params-schema.ts'
import { createHealthChecks } from './lifecycle/check-health.ts'
import { openCallback } from './lifecycle/callbacks.ts'
import { createLifecycle } from './lifecycle/create-lifecycle.ts'
import { createPushDispatch, markUnreachable, type PushTransport } from './lifecycle/dispatch.ts'
import { DEFAULT_ENGINE_SETTINGS, type Engine, type EngineSettings } from './lifecycle/engine.ts'
import { createCallTroubles } from './lifecycle/call-troubles.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './lifecycle/executor-traffic.ts'
import type { FiringDeps } from './lifecycle/fire-schedules.ts'
import { createHistoryDays } from './lifecycle/history-days.ts'
import { createPlanCache } from './lifecycle/plan-cache.ts'
import { createQueueCache } from './lifecycle/queue-cache.ts'
import { createScheduleCache } from './lifecycle/schedule-cache.ts'
import { createSecretCache } from './lifecycle/secret-cache.ts'
import { createWaitingClaims } from './lifecycle/waiting-claims.ts'
import { serveLive } from './live/routes.ts'
import { createClockGuard } from './runtime/clock-guard.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './runtime/embedded-postgres.ts'
import { tuneV8 } from './runtime/v8.ts'
import { createWakeHub } from './runtime/wake-hub.ts'
import { openWakeWire } from './runtime/wake-wire.ts'
import { startServices, type Services } from './services.ts'
import { openDatabase, type Database, type Transaction } from './storage/database.ts'
import { assertDurable } from './storage/durability.ts'
import type { ExecutorTransport } from './storage/executor-session.ts'
import { resign } from './storage/leader.ts'
import { assertSchema, migrate } from './storage/migrate.ts'
import { beatNode, leaveNode } from './storage/server-node.ts'
import { loadPresets } from './presets/load-presets.ts'
import { createProbe } from './transport/probe.ts'
import { createPushTransport, LONGEST_CALL_MS, type PushOptions } from './transport/push.ts'
import { loadMasterKeys } from './vault/master-keys.ts'
import { createVault, type Vault } from './vault/vault.ts'

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

function vaultOf({ secrets, dataDir }: Config): Vault {
  return createVault(loadMasterKeys({ ...secrets, dataDir }))
}

async function startNode(
  config: Config,
  log: Logger,
  progress: (line: string) => void,
  embedded: EmbeddedPostgres | null,
): Promise<RunningServer> {
  const url = config.databaseUrl ?? embedded!.url
  const nodeId = nodeIdOf(config)
  const vault = vaultOf(config)
  await prepareSchema(url, config, progress)
  const db = openDatabase({
    url,
    sizes: config.pools,
    onError: (error) => log.warn(causeOf(error), 'A database connection was lost'),
  })
  const engine = createEngine(db, vault, config, log)
  const firing: FiringDeps = { engine, schedules: createScheduleCache(), days: createHistoryDays(db) }
  const wire = openWakeWire({
    url,
    nodeId,
    hub: engine.hub,
    onError: (error) => log.warn(causeOf(error), 'The wake-up connection failed'),
  })
  const clock = createClockGuard({
    calmMs: config.leaseMs,
    silenceMs: 5 * config.nodeHeartbeatMs,
    monotonic: () => performance.now(),
    onJump: (ms) => engine.report('clock.jumped', { ms }),
  })

  let services: Services | undefined
  // Set when this node leaves: from then on it gives no work, so that nothing is handed out whose result it could not take.
  const leaving = new AbortController()
  const mayGive = () => !leaving.signal.aborted && services?.state() !== 'DRAINING'
  const traffic = createExecutorTraffic(engine, mayGive, leaving.signal)
  const connect = guardedConnect({ allowPrivate: allowsPrivateEgress(config) })
  const calls = { unreachable: (session: number) => markUnreachable(push, session), tell: createCallTroubles(engine) }
  const transport = pushTransport(engine, traffic, connect, calls)
  const xxlJob: GatewayDeps = { engine, vault, client: createXxlJobClient({ connect }), ...calls }
  const keeper = createKeeper(xxlJob)
  const push = createPushDispatch(transportOf({ CARILLON: transport, XXL_JOB: createXxlJobTransport(xxlJob) }))
  const health = createHealthChecks(engine, nodeId, createProbe({ connect }), config.health)
  const node = { id: nodeId, name: hostname(), version: VERSION, address: () => address }
  let address: string | null = null
  let builtin: Executor | undefined
  const lifecycle = createLifecycle(engine, {
    wakeFiring: () => services?.wakeFiring(),
    wakeBackfill: () => services?.wakeBackfill(),
  })
  const apiServices = {
    db,
    lifecycle,
    limits: config.limits,
    plans: engine.plans,
    tasks: createKnownTasks(),
    vault,
    hub: engine.hub,
    days: firing.days,
    sessions: config.sessions,
    nodeId,
  }
  const ownHosts = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).host]
  const app = createApi(
    {
      services: apiServices,
      corsOrigins: listOf(config.corsOrigins),
      ownHosts,
      trustProxy: config.trustProxy === undefined ? false : listOf(config.trustProxy),
      // The calls of executors are many and say little; they are there for those who ask for them.
      onAnswered: (entry) => log[isTraffic(entry.route) ? 'trace' : 'info'](entry, 'answered'),
      onFault: (error: unknown, requestId: string) => log.error({ requestId, ...causeOf(error) }, 'A request failed'),
    },
    [
      { name: 'executor', routes: executorRoutes, handlers: executorHandlers(traffic) },
      { name: 'callback', routes: callbackRoutes, handlers: callbackHandlers(engine) },
    ],
  )

  serveXxlJob(app, xxlJob)
  serveLive(app, {
    services: apiServices,
    ownHosts,
    hub: engine.hub,
    onError: (error) => engine.report('live.failed', { error }),
  })

  let stopping: Promise<void> | undefined
  const stop = async () => {
    leaving.abort()
    await builtin?.drain()
    await app.close()
    await services?.stop()
    await transport.close()
    await xxlJob.client.close()
    await keeper.settle()
    if (address !== null) await db.engine((tx) => leave(tx, nodeId))
    await wire.close()
    await db.close()
    await embedded?.stop()
  }
  try {
    await firing.days.openAhead()
    await loadPresets(db, { onRefused: (code, error) => engine.report('preset.refused', { code, error }) })
    await engine.db.engine((tx) => engine.queues.refresh(tx))
    await app.listen({ host: config.host, port: config.port })
    address = addressOf(config.host, app.server.address() as AddressInfo)
    clock.observe((await db.lease((tx) => beatNode(tx, { ...node, address, first: true }))).now)
    services = startServices({ engine, firing, push, health, xxlJob: keeper, clock, config, node })
    if (config.builtinExecutor) {
      builtin = builtinExecutor(engine, traffic, config, { nodeId, address, log })
      await builtin.start()
    }
    // Last: what is generated here is known to nobody until the caller has said it, and a start that fails after it would lose it for good.
    const firstAccess = await prepareFirstAccess(db)
    const databaseLost = embedded ? embedded.exited.then(() => undefined) : new Promise<void>(() => undefined)
    return { url: address, nodeId, databaseUrl: url, firstAccess, databaseLost, stop: () => (stopping ??= stop()) }
  } catch (error) {
    // A start that failed leaves nothing behind that would keep the process alive.
    await stop().catch((reason: unknown) => log.warn(causeOf(reason), 'Could not leave in order'))
    throw error
  }
}

const TRAFFIC = /^(\/executor\/|\/health$|\/api\/(registry|registryRemove|callback)$|\/xxl-job-admin\/)/
const isTraffic = (route: string): boolean => TRAFFIC.test(route)

/** Each executor is called in the protocol that it speaks. */
function transportOf(transports: Readonly<Record<ExecutorTransport, PushTransport>>): PushTransport {
  return {
    invoke: (target, assignments) => transports[target.transport].invoke(target, assignments),
    cancel: (target, stop) => transports[target.transport].cancel(target, stop),
  }
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

/** Carries assignments to executors that are called; what cannot be delivered is handed back at once. */
function pushTransport(
  engine: Engine,
  traffic: ExecutorTraffic,
  connect: ReturnType<typeof guardedConnect>,
  calls: Pick<PushOptions, 'unreachable' | 'tell'>,
) {
  return createPushTransport({
    release: ({ tenantId, session }, assignments) => {
      if (assignments.length === 0) return
      const items = assignments.map(({ instance, token, tenant }) => ({ kind: 'RELEASE' as const, instance, token, tenant }))
      traffic
        .report({ tenantId, appId: null }, { session, items })
        .catch((error: unknown) => engine.report('push.releaseFailed', { error }))
    },
    ...calls,
    report: (event, details) => engine.report(event, details),
    connect,
    longestCallMs: Math.min(LONGEST_CALL_MS, engine.settings.leaseMs / 2),
  })
}

function builtinExecutor(
  engine: Engine,
  traffic: ExecutorTraffic,
  config: Config,
  { nodeId, address, log }: { readonly nodeId: string; readonly address: string; readonly log: Logger },
): Executor {
  const openTo = publicUrlOf(config, address)
  return createBuiltinExecutor({
    traffic,
    resultBytes: config.limits.resultBytes,
    capacity: config.builtinCapacity,
    allowPrivate: () => allowsPrivateEgress(config),
    ...(openTo !== null && { openCallback: callbackOpener(engine, openTo) }),
    nodeName: nodeId,
    log,
  })
}

function createEngine(db: Database, vault: Vault, config: Config, log: Logger): Engine {
  const settings: EngineSettings = {
    leaseMs: config.leaseMs,
    heartbeatMs: config.executorHeartbeatMs,
    cancelGraceMs: config.cancelGraceMs,
    agingMs: config.agingMs,
    misfireAfterMs: config.misfireAfterMs,
    fireBatch: config.batch.fire,
    startBatch: config.batch.start,
    startNodes: DEFAULT_ENGINE_SETTINGS.startNodes,
    claimBatch: config.batch.claim,
    completeBatch: config.batch.complete,
    resultBytes: config.limits.resultBytes,
    logLineBytes: config.limits.logLineBytes,
    logAttemptBytes: config.limits.attemptLogBytes,
  }
  return {
    db,
    plans: createPlanCache(),
    secrets: createSecretCache(vault),
    queues: createQueueCache(),
    hub: createWakeHub(),
    claims: createWaitingClaims(),
    paramsProblems: computedProblems,
    settings,
    random: Math.random,
    report: (event, { error, ...details }) =>
      log.warn({ event, ...details, ...(error === undefined ? {} : causeOf(error)) }, event),
  }
}

/** `base`: of the addresses that are given out. */
function callbackOpener(engine: Engine, base: string): NonNullable<BuiltinExecutorOptions['openCallback']> {
  return async ({ tenant, instance, token }, waitMs) => {
    const key = await openCallback(engine, { tenantId: tenant, id: instance, token }, waitMs)
    return key === null ? null : `${base}/callback/v1/${key}`
  }
}

function addressOf(host: string, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** What a log line says of an error. The error of a database client carries the whole client, its password included. */
function causeOf(error: unknown): { code?: string; error: string; stack?: string } {
  if (!(error instanceof Error)) return { error: String(error) }
  const { code } = error as { code?: unknown }
  return {
    ...(typeof code === 'string' ? { code } : {}),
    error: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  }
}

const listOf = (text: string | undefined): string[] =>
  text
    ?.split(',')
    .map((each) => each.trim())
    .filter(Boolean) ?? []
