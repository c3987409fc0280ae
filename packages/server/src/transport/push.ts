import type { Assignment, Invoke, InvokeAnswer } from '@carillon/contract'
import { Pool, type buildConnector, type Dispatcher } from 'undici'
import type { PushTarget, PushTransport } from '../lifecycle/dispatch.ts'
import { NEVER_SENT } from './never-sent.ts'

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

/**
 * Calls push executors over HTTP, with kept-alive connections. An ambiguous answer is never repeated here: a second call could start the
 * work twice, and the reservation's deadline decides what the delivery promise allows.
 */
export function createPushTransport(options: PushOptions): PushTransport & { close(): Promise<void> } {
  const pools = new Map<string, Pool>()

  const post = async (target: PushTarget, path: string, body: unknown): Promise<Answer> => {
    const url = new URL(`${target.address.replace(/\/$/, '')}${path}`)
    const pool = poolOf(pools, url.origin, options)
    const response = await pool.request({
      method: 'POST',
      path: url.pathname,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${target.callToken ?? ''}` },
      body: JSON.stringify(body),
    })
    const type = String(response.headers['content-type'] ?? '')
    return { status: response.statusCode, isProblem: type.startsWith(PROBLEM), json: await readJson(response) }
  }

  /** Answers whether it is worth calling again. */
  const invokeOnce = async (target: PushTarget, assignments: readonly Assignment[]): Promise<boolean> => {
    const { session } = target
    try {
      const answer = await post(target, '/invoke', { session, assignments } as Invoke)
      const refused = refusedOf(assignments, answer)
      if (answer.status !== 200 || refused === null) {
        options.report(refused === null ? 'push.failed' : 'push.refused', {
          ...{ session, status: answer.status },
          ...(refused === null && { certain: false }),
        })
        options.unreachable(session)
      }
      if (refused !== null) options.release(target, refused)
      return answer.status === 200 && refused !== null
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      options.report('push.failed', { session, code, certain: NEVER_SENT.has(code) })
      options.unreachable(session)
      if (NEVER_SENT.has(code)) options.release(target, assignments)
      return false
    }
  }

  /** As many calls as its executor wants it cut into, over all its connections. When one fails, what has not been sent goes back. */
  const invoke = (target: PushTarget, assignments: readonly Assignment[]): void => {
    const calls = cut(assignments, target.perCall ?? assignments.length)
    let answers = true
    const work = async () => {
      for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
        if (answers) answers = (await invokeOnce(target, call)) && answers
        else options.release(target, call)
      }
    }
    for (let n = Math.min(CONNECTIONS, calls.length); n > 0; n--) void work()
  }

  return {
    invoke,
    cancel: (target, stop) =>
      void post(target, '/cancel', { session: target.session, stop }).catch((error: Error) =>
        options.report('push.cancelFailed', { session: target.session, error: error.message }),
      ),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

function cut<Item>(items: readonly Item[], most: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, n) => items.slice(n * most, (n + 1) * most))
}

interface Answer {
  readonly status: number
  readonly isProblem: boolean
  readonly json: unknown
}

const PROBLEM = 'application/problem+json'

/**
 * The refusals of a whole call that the protocol knows: the executor says them before it takes anything. Any other status may come from a
 * gateway that has lost patience with an executor at work, or from an executor that broke off in the middle.
 */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'MALFORMED_REQUEST',
  'VALIDATION_FAILED',
  'TOO_LARGE',
  'SESSION_ENDED',
  'UNAVAILABLE',
])

/**
 * What an answer hands back, of what was sent: it cannot hand back anything else. Null when it says nothing that the protocol knows, so that
 * nobody knows what was taken.
 */
function refusedOf(assignments: readonly Assignment[], { status, isProblem, json }: Answer): readonly Assignment[] | null {
  if (status !== 200) return isProblem && REFUSALS.has((json as { code?: unknown } | null)?.code) ? assignments : null
  const refused = (json as Partial<InvokeAnswer> | null)?.refused
  if (!Array.isArray(refused)) return null
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
