import type { Assignment, Invoke, InvokeAnswer } from '@carillon/contract'
import { Pool, type buildConnector, type Dispatcher } from 'undici'
import type { PushTarget, PushTransport } from '../lifecycle/dispatch.ts'

export interface PushOptions {
  /** Hands back what certainly did not start, so that another executor gets it at once. */
  release(
    session: { tenantId: number; session: number },
    assignments: readonly Pick<Assignment, 'instance' | 'token' | 'tenant'>[],
  ): void
  /** It could not be reached at all, or did not consent: for a while others are better. */
  unreachable(session: number): void
  report(event: string, details: Record<string, unknown>): void
  /** Dials only addresses that the egress rules allow. Default: any. */
  readonly connect?: buildConnector.connector
}

/** The request never left: nobody can have started anything. Whatever else goes wrong is uncertain and left to the deadline. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'EGRESS_REFUSED',
])

/**
 * Calls push executors over HTTP, with kept-alive connections. An ambiguous answer is never repeated here: a second call could start the
 * work twice, and the reservation's deadline decides what the delivery promise allows.
 */
export function createPushTransport(options: PushOptions): PushTransport & { close(): Promise<void> } {
  const pools = new Map<string, Pool>()

  const post = async (target: PushTarget, path: string, body: unknown): Promise<{ status: number; json: unknown }> => {
    const url = new URL(`${target.address.replace(/\/$/, '')}${path}`)
    const pool = poolOf(pools, url.origin, options)
    const response = await pool.request({
      method: 'POST',
      path: url.pathname,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${target.callToken ?? ''}` },
      body: JSON.stringify(body),
    })
    return { status: response.statusCode, json: await readJson(response) }
  }

  const invoke = async (target: PushTarget, assignments: readonly Assignment[]) => {
    try {
      const { status, json } = await post(target, '/invoke', { session: target.session, assignments } as Invoke)
      if (status === 200) return options.release(target, refusedOf(assignments, json))
      // It answered, and not with consent: it has not taken them.
      options.report('push.refused', { session: target.session, status })
      options.unreachable(target.session)
      options.release(target, assignments)
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      options.report('push.failed', { session: target.session, code, certain: NEVER_SENT.has(code) })
      options.unreachable(target.session)
      if (NEVER_SENT.has(code)) options.release(target, assignments)
    }
  }

  return {
    invoke: (target, assignments) => void invoke(target, assignments),
    cancel: (target, stop) =>
      void post(target, '/cancel', { session: target.session, stop }).catch((error: Error) =>
        options.report('push.cancelFailed', { session: target.session, error: error.message }),
      ),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

/** What an answer names as refused, of what was sent: an answer cannot hand back anything else. */
function refusedOf(assignments: readonly Assignment[], json: unknown): Assignment[] {
  const refused = (json as Partial<InvokeAnswer>)?.refused
  if (!Array.isArray(refused)) return []
  const names = new Set(refused.map((each) => `${each?.instance}:${each?.token}`))
  return assignments.filter((each) => names.has(`${each.instance}:${each.token}`))
}

const CONNECTIONS = 8
const MOST_ORIGINS = 5_000

function poolOf(pools: Map<string, Pool>, origin: string, { connect }: PushOptions): Pool {
  const known = pools.get(origin)
  if (known) return known
  const pool = new Pool(origin, {
    connections: CONNECTIONS,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
    connect: connect ?? { timeout: 5_000 },
  })
  pools.set(origin, pool)
  for (const [oldest, each] of pools) {
    if (pools.size <= MOST_ORIGINS) break
    pools.delete(oldest)
    void each.close()
  }
  return pool
}

const LARGEST_ANSWER = 1_000_000

async function readJson(response: Dispatcher.ResponseData): Promise<unknown> {
  let text = ''
  for await (const chunk of response.body) {
    text += String(chunk)
    if (text.length > LARGEST_ANSWER) throw new Error('The answer of the executor is too long.')
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
