import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBalancer } from '../harness/balancer.ts'
import { freePort } from '../harness/free-port.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { serverNode } from '../harness/server-nodes.ts'
import type { Stage } from '../harness/stage.ts'
import { supervise, type Supervised } from '../harness/supervisor.ts'
import { TASKS, type TaskShape } from '../platform/tasks.ts'
import { createWorld, type World } from '../platform/world.ts'
import { FILES } from '../record/history.ts'
import type { ExecutorSetup } from '../process/executor-setup.ts'

/** What a scenario needs: how many of what, and what is odd about it. */
export interface Cast {
  readonly nodes: number
  readonly executors: number
  readonly tenants?: readonly string[]
  readonly tasks?: readonly TaskShape[]
  readonly capacity?: number
  /** Settings of the nodes besides the quick ones. */
  readonly settings?: Readonly<Record<string, string>>
  /** The build of the server that the nodes run; the product's own unless a mutant is on trial. */
  readonly serverModule?: string
  /** The database address of a node, by its place: through a proxy, say. */
  databaseUrl?(postgres: Postgres, place: number): Promise<string> | string
  /** Node's own options for a server node, by its place. */
  nodeOptions?(place: number): readonly string[]
  /** What an executor talks to, by its place, where that is not the balancer itself. */
  executorServer?(balancer: string, place: number): Promise<string> | string
  readonly deafExecutors?: readonly number[]
}

/** A running system of real processes: a database, server nodes behind a balancer, executors, tenants with their schedules. */
export interface Theatre {
  readonly stage: Stage
  readonly postgres: Postgres
  readonly nodes: readonly Supervised[]
  readonly executors: readonly Supervised[]
  readonly server: string
  readonly world: World
}

export async function openTheatre(stage: Stage, cast: Cast): Promise<Theatre> {
  const postgres = await startPostgres(stage)
  const ports = await Promise.all(Array.from({ length: cast.nodes }, freePort))
  const nodes: Supervised[] = []
  for (const [place, port] of ports.entries()) {
    const name = `node-${place}`
    const databaseUrl = (await cast.databaseUrl?.(postgres, place)) ?? postgres.url
    const settings = { ...cast.settings, ...(cast.serverModule && { E2E_SERVER_MODULE: cast.serverModule }) }
    const nodeOptions = cast.nodeOptions?.(place) ?? []
    nodes.push(await supervise(stage, serverNode({ name, cwd: stage.folder, port, databaseUrl, settings, nodeOptions })))
  }
  const server = await startBalancer(stage, ports)
  const world = await createWorld(postgres, server, { tenants: cast.tenants ?? ['north', 'south'], tasks: cast.tasks ?? TASKS })
  writeFileSync(join(stage.folder, FILES.promised), JSON.stringify(world.promised))
  const executors = await Promise.all(
    Array.from({ length: cast.executors }, (_, place) => startExecutor(stage, cast, world, server, place)),
  )
  return { stage, postgres, nodes, executors, server, world }
}

async function startExecutor(stage: Stage, cast: Cast, world: World, balancer: string, place: number): Promise<Supervised> {
  const name = `executor-${place}`
  const setup: ExecutorSetup = {
    name,
    server: (await cast.executorServer?.(balancer, place)) ?? balancer,
    truthFile: join(stage.folder, FILES.truth(name)),
    apps: world.tenants.map(({ app, executorToken }) => ({ app, token: executorToken, capacity: cast.capacity ?? 8 })),
    deaf: cast.deafExecutors?.includes(place) ?? false,
  }
  return supervise(stage, { name, module: 'executor', cwd: stage.folder, env: { E2E_EXECUTOR: JSON.stringify(setup) } })
}
