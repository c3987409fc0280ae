import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startClients, type Clients } from '../driver/clients.ts'
import { startBalancer } from '../harness/balancer.ts'
import { programFile } from '../harness/child.ts'
import { freePort } from '../harness/free-port.ts'
import { startPostgresProxy, type PostgresProxy } from '../harness/postgres-proxy.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { startReportProxy, type ReportProxy } from '../harness/report-proxy.ts'
import { serverNode } from '../harness/server-nodes.ts'
import type { Stage } from '../harness/stage.ts'
import { supervise, type Supervised } from '../harness/supervisor.ts'
import { TASKS, type TaskShape } from '../platform/tasks.ts'
import { createWorld, type World } from '../platform/world.ts'
import type { ExecutorSetup } from '../process/executor-setup.ts'
import { FILES } from '../record/history.ts'

/** What a scenario is played with. */
export interface Cast {
  readonly nodes: number
  readonly executors: number
  readonly tenants: readonly string[]
  readonly tasks: readonly TaskShape[]
  /** Clients that ask at once, for each tenant. */
  readonly clients: number
  /** The build of the server that the nodes run; the product's own, unless a mutant is on trial. */
  readonly serverModule?: string
  /** Done to the database before anything is defined in it. */
  readonly sql?: string
}

export const CAST: Cast = { nodes: 2, executors: 3, tenants: ['north', 'south'], tasks: TASKS, clients: 1 }

/** A server node and its own way to the database. */
export interface NodeOnStage extends Supervised {
  readonly database: PostgresProxy
}

/**
 * A running system of real processes: a database, server nodes behind a balancer, executors, tenants with their schedules, clients. Each
 * node has a proxy of its own before the database, and executors one before the server; until they are told otherwise these only hand on.
 * The clock of the last node is an hour ahead.
 */
export interface Theatre {
  readonly stage: Stage
  readonly postgres: Postgres
  readonly nodes: readonly NodeOnStage[]
  readonly executors: readonly Supervised[]
  readonly reports: ReportProxy
  readonly world: World
  readonly clients: Clients
  /** Another executor, which ends with the stage. */
  addExecutor(name: string, more?: Partial<ExecutorSetup>): Promise<Supervised>
}

export async function openTheatre(stage: Stage, cast: Cast): Promise<Theatre> {
  const postgres = await startPostgres(stage)
  const ports = await Promise.all(Array.from({ length: cast.nodes }, freePort))
  // All at once, on an empty database: one of them makes the schema.
  const nodes = await Promise.all(ports.map((port, place) => startNode(stage, cast, postgres, port, place)))
  if (cast.sql !== undefined) await postgres.query(cast.sql)
  const server = await startBalancer(stage, ports)
  const reports = await startReportProxy(stage, server)
  const world = await createWorld(postgres, server, cast)
  writeFileSync(join(stage.folder, FILES.promised), JSON.stringify(world.promised))
  const addExecutor: Theatre['addExecutor'] = (name, more) => startExecutor(stage, world, { name, server: reports.url, ...more })
  const executors = await Promise.all(Array.from({ length: cast.executors }, (_, place) => addExecutor(`executor-${place}`)))
  const clients = startClients({ stage, server, tenants: world.tenants, perTenant: cast.clients, restMs: 50 })
  return { stage, postgres, nodes, executors, reports, world, clients, addExecutor }
}

async function startNode(stage: Stage, cast: Cast, postgres: Postgres, port: number, place: number): Promise<NodeOnStage> {
  const name = `node-${place}`
  const database = await startPostgresProxy(stage, name, postgres)
  const program = serverNode({
    name,
    cwd: stage.folder,
    port,
    databaseUrl: postgres.urlThrough(database.port),
    settings: cast.serverModule === undefined ? {} : { E2E_SERVER_MODULE: cast.serverModule },
    // No decision may rest on a node's clock, so the last one's is always wrong.
    nodeOptions: place === cast.nodes - 1 ? ['--import', programFile('skewed-clock')] : [],
  })
  // Not spread: it has getters.
  return Object.assign(await supervise(stage, program), { database })
}

const CAPACITY = 8

async function startExecutor(
  stage: Stage,
  world: World,
  { name, ...more }: Pick<ExecutorSetup, 'name' | 'server'> & Partial<ExecutorSetup>,
): Promise<Supervised> {
  const setup: ExecutorSetup = {
    name,
    truthFile: join(stage.folder, FILES.truth(name)),
    apps: world.tenants.map(({ app, executorToken }) => ({ app, token: executorToken, capacity: CAPACITY })),
    ...more,
  }
  return supervise(stage, { name, module: 'executor', cwd: stage.folder, env: { E2E_EXECUTOR: JSON.stringify(setup) } })
}
