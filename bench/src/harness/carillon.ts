import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@carillon/contract'
import type { ExecutorCalls } from '../processes/executor.ts'
import type { ServerCalls } from '../processes/server.ts'
import { startChild, type Child } from './child.ts'
import { openConnections } from './connections.ts'
import type { Postgres } from './postgres.ts'
import { peakRssMb } from './usage.ts'

/** A real server process over the shared PostgreSQL, reached over HTTP. */
export interface Carillon {
  readonly url: string
  /** Of the server's database, for set-up in bulk and for checks. */
  readonly databaseUrl: string
  readonly serverPid: number
  /**
   * A tenant with a task `work` and an executor for it in another process, connected unless it is to wait for `connect`. It asks for its
   * work, or, with `push`, is called for each instance.
   */
  tenant(code: string, options?: { readonly connected?: boolean; readonly push?: boolean }): Promise<Tenant>
  peakRssMb(): number
}

export interface Tenant {
  readonly id: number
  readonly code: string
  readonly client: Client
  readonly taskId: number
  readonly executor: TenantExecutor
  connect(): Promise<void>
}

export interface TenantExecutor {
  /** How many instances have ended since the start. */
  ended(): Promise<number>
  /** When so many instances have ended since the start and the server has answered their results. */
  until(ended: number): Promise<{ readonly at: number }>
  /** How long after they were wanted handlers have started since the last call, in milliseconds. */
  takeDelays(): Promise<number[]>
}

/** Instances an executor process runs at once: the handlers are trivial, what is measured is the way to them and back. */
const CAPACITY = 1_000
/** Of all clients together. */
const CONNECTIONS = 32

export async function startCarillon(
  postgres: Postgres,
  options: { profile: string | undefined; atEnd(action: () => Promise<unknown>): void },
): Promise<Carillon> {
  const { profile, atEnd } = options
  const databaseUrl = await postgres.createDatabase('carillon_bench')
  const dataDir = mkdtempSync(join(tmpdir(), 'carillon-bench-node-'))
  atEnd(async () => rmSync(dataDir, { recursive: true, force: true }))
  const [server, executors] = await Promise.all([
    startChild<ServerCalls>('server', profile),
    startChild<ExecutorCalls>('executor', profile),
  ])
  atEnd(() => Promise.all([server.stop(), executors.stop()]))
  const { url, token } = await server.call('start', { databaseUrl, dataDir })
  const connections = openConnections(url, CONNECTIONS)
  atEnd(() => connections.close())
  const access = { baseUrl: url, token, fetch: connections.fetch }
  const platform = createClient(access)
  return {
    url,
    databaseUrl,
    serverPid: server.pid,
    peakRssMb: () => peakRssMb(server.pid),
    async tenant(code, { connected = true, push = false } = {}) {
      const { id } = await platform.tenants.create({ body: { code } })
      const client = createClient({ ...access, tenant: code })
      const taskId = await defineWork(client)
      const { secret } = await client.tokens.create({ body: { name: 'executor', role: 'executor', app: 'bench' } })
      const start = { tenant: code, server: url, token: secret, app: 'bench', capacity: CAPACITY, push }
      const connect = () => executors.call('start', start)
      if (connected) await connect()
      return { id, code, client, taskId, executor: executorOf(executors, code), connect }
    },
  }
}

const executorOf = (executors: Child<ExecutorCalls>, tenant: string): TenantExecutor => ({
  ended: () => executors.call('ended', { tenant }),
  until: (ended) => executors.call('until', { tenant, ended }),
  takeDelays: () => executors.call('takeDelays', { tenant }),
})

async function defineWork(client: Client): Promise<number> {
  await client.apps.create({ body: { code: 'bench', name: 'Benchmark' } })
  await client.taskTypes.create({ body: { code: 'work', kind: 'handler', app: 'bench', settings: { handler: 'work' } } })
  return (await client.tasks.create({ body: { code: 'work', type: 'work' } })).id
}
