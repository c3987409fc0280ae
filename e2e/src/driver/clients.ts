import { createClient, type Client } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import type { Stage } from '../harness/stage.ts'
import type { TenantWorld } from '../platform/world.ts'
import type { ClientRecord } from '../record/client.ts'
import { FILES } from '../record/history.ts'
import { openLines, type Lines } from '../record/lines.ts'

/** Clients that go on asking, whatever happens, and write down what they hear. */
export interface Clients {
  /** Operations that were acknowledged so far. */
  readonly acknowledged: number
  /** Begins no new operation and waits until the present ones have been answered for good. */
  stop(): Promise<void>
}

export interface ClientsOptions {
  readonly stage: Stage
  readonly server: string
  readonly tenants: readonly TenantWorld[]
  /** How many ask at once, for each tenant. */
  readonly perTenant: number
  /** Rest between two operations of a client. */
  readonly restMs: number
}

export function startClients({ stage, server, tenants, perTenant, restMs }: ClientsOptions): Clients {
  const records = openLines(join(stage.folder, FILES.clients))
  const stopping = new AbortController()
  let acknowledged = 0
  const loop = async (tenant: TenantWorld, name: string) => {
    const client = createClient({ baseUrl: server, token: tenant.owner, fetch: impatient })
    for (let turn = 1; !stopping.signal.aborted; turn++) {
      const operation = OPERATIONS[turn % OPERATIONS.length]!
      const wish: Wish = { tenant, name, key: `${name}-${turn}`, operation, client, records }
      if (await untilAnswered(wish)) acknowledged++
      await pause(restMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const loops = tenants.flatMap((tenant) =>
    Array.from({ length: perTenant }, (_, place) => loop(tenant, `${tenant.code}-${place}`)),
  )
  const stop = async () => {
    stopping.abort()
    await Promise.all(loops)
    records.close()
  }
  let stopped: Promise<void> | undefined
  const clients: Clients = {
    get acknowledged() {
      return acknowledged
    },
    stop: () => (stopped ??= stop()),
  }
  stage.defer(() => clients.stop())
  return clients
}

type Operation = ClientRecord['operation']

/** Mostly runs: those have consequences. */
const OPERATIONS: readonly Operation[] = ['run.trigger', 'run.trigger', 'run.trigger', 'task.create']

interface Wish {
  readonly tenant: TenantWorld
  readonly name: string
  readonly key: string
  readonly operation: Operation
  readonly client: Client
  readonly records: Lines
}

const TRY_AGAIN_MS = 50
/** A system that does not answer for so long will not: the checker then sees an operation that nobody knows about. */
const GIVE_UP_MS = 60_000
const ANSWER_MS = 5_000

/** A request that is never answered must not hold its client for ever. */
const impatient: typeof fetch = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) })

/** One operation under one key, until it is known what became of it. True: acknowledged. */
async function untilAnswered(wish: Wish): Promise<boolean> {
  const { name, key, operation, tenant, records } = wish
  const write = (type: ClientRecord['type'], more: Partial<ClientRecord> = {}) =>
    records.write({ at: Date.now(), client: name, key, operation, tenantId: tenant.id, type, ...more })
  write('invoke')
  for (const until = performance.now() + GIVE_UP_MS; performance.now() < until; await pause(TRY_AGAIN_MS)) {
    try {
      write('ok', { id: await perform(wish) })
      return true
    } catch (error) {
      const refused = error instanceof CarillonError && !MAYBE.has(error.code)
      write(refused ? 'fail' : 'info', { detail: String(error).slice(0, 200) })
      if (refused) return false
    }
  }
  return false
}

/** Answers after which nobody knows whether it was done: the same key is tried again. */
const MAYBE: ReadonlySet<string> = new Set(['UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'])

async function perform({ client, key, operation }: Wish): Promise<number> {
  const options = { idempotencyKey: key }
  if (operation === 'task.create') return (await client.tasks.create({ body: { code: key, type: 'work' } }, options)).id
  return (await client.runs.trigger({ params: { task: 'steady' }, body: { params: { key } } }, options)).runId
}
