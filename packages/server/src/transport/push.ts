import type { Assignment, InvokeAnswer } from '@carillon/contract'
import type { Dispatcher } from 'undici'
import type { PushTarget, PushTransport } from '../lifecycle/dispatch.ts'
import type { TellTrouble } from '../lifecycle/call-troubles.ts'
import { isNeverSent } from './never-sent.ts'
import { createPools, type ConnectOf } from './pools.ts'
import { reasonOf } from './reason.ts'

export interface PushOptions {
  /** Hands back what certainly did not start, so that another executor gets it at once. */
  release(
    session: { tenantId: number; session: number },
    assignments: readonly Pick<Assignment, 'instance' | 'token' | 'tenant'>[],
  ): void
  /** It could not be reached at all, or did not consent: for a while others are better. */
  unreachable(session: number): void
  report(event: string, details: Record<string, unknown>): void
  /** What became of a call, for people to see. Default: nobody is told. */
  readonly tell?: TellTrouble
  /** Dials only addresses that the egress rules of the executor's tenant allow. Default: any. */
  readonly connectOf?: ConnectOf
  /** How long one call may take in all. Default 15,000. */
  readonly longestCallMs?: number
}

/**
 * Calls push executors over HTTP, with kept-alive connections. An ambiguous answer is never repeated here: a second call could start the
 * work twice, and the reservation's deadline decides what the delivery promise allows.
 */
export function createPushTransport(options: PushOptions): PushTransport & { close(): Promise<void> } {
  const pools = createPools({ connections: CONNECTIONS, headersTimeout: 10_000, bodyTimeout: 10_000 }, options.connectOf)

  const post = async (target: PushTarget, path: string, body: string): Promise<Answer> => {
    const url = new URL(`${target.address.replace(/\/$/, '')}${path}`)
    const response = await pools.of(target.tenantId, url.origin).request({
      method: 'POST',
      path: url.pathname,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${target.callToken ?? ''}` },
      body,
      signal: AbortSignal.timeout(options.longestCallMs ?? LONGEST_CALL_MS),
    })
    const type = String(response.headers['content-type'] ?? '')
    return { status: response.statusCode, isProblem: type.startsWith(PROBLEM), json: await readJson(response) }
  }

  /** Answers whether it is worth calling again. */
  const invokeOnce = async (target: PushTarget, { assignments, text }: Piece): Promise<boolean> => {
    const { session } = target
    try {
      const answer = await post(target, '/invoke', `{"session":${session},"assignments":${text}}`)
      const refused = refusedOf(assignments, answer)
      if (answer.status !== 200 || refused === null) {
        options.report(refused === null ? 'push.failed' : 'push.refused', {
          ...{ session, status: answer.status },
          ...(refused === null && { certain: false }),
        })
        options.unreachable(session)
      }
      const trouble = troubleOf(answer, refused !== null)
      if (trouble !== undefined) options.tell?.(target, trouble)
      if (refused !== null) options.release(target, refused)
      return answer.status === 200 && refused !== null
    } catch (error) {
      const certain = isNeverSent(error)
      options.report('push.failed', { session, code: (error as { code?: unknown }).code ?? '', certain })
      options.unreachable(session)
      options.tell?.(target, reasonOf(error))
      if (certain) options.release(target, assignments)
      return false
    }
  }

  /** As many calls as its executor wants it cut into, over all its connections. When one fails, what has not been sent goes back. */
  const invoke = (target: PushTarget, assignments: readonly Assignment[]): void => {
    const calls = piecesOf(assignments, target.perCall ?? Infinity)
    let answers = true
    const work = async () => {
      for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
        if (answers) answers = (await invokeOnce(target, call)) && answers
        else options.release(target, call.assignments)
      }
    }
    for (let n = Math.min(CONNECTIONS, calls.length); n > 0; n--) void work()
  }

  return {
    invoke,
    cancel: (target, stop) =>
      void post(target, '/cancel', JSON.stringify({ session: target.session, stop })).catch((error: Error) =>
        options.report('push.cancelFailed', { session: target.session, error: error.message }),
      ),
    close: () => pools.close(),
  }
}

/** What goes into one call, and as it is written there: a list. */
interface Piece {
  readonly assignments: readonly Assignment[]
  readonly text: string
}

/** What is larger executors may refuse as a whole, again and again. */
const MOST_CHARACTERS = 2 ** 20

function piecesOf(assignments: readonly Assignment[], most: number): Piece[] {
  const pieces: { assignments: Assignment[]; texts: string[]; size: number }[] = []
  for (const assignment of assignments) {
    const text = JSON.stringify(assignment)
    let last = pieces.at(-1)
    if (!last || last.assignments.length >= most || last.size + text.length > MOST_CHARACTERS)
      pieces.push((last = { assignments: [], texts: [], size: 0 }))
    last.assignments.push(assignment)
    last.texts.push(text)
    last.size += text.length
  }
  return pieces.map(({ assignments: those, texts }) => ({ assignments: those, text: `[${texts.join(',')}]` }))
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

const WRONG_TOKEN = new Set(['UNAUTHENTICATED', 'FORBIDDEN'])
/** It registers anew, or ends: that passes. */
const PASSING = new Set(['SESSION_ENDED', 'UNAVAILABLE'])

/** What an answer says of the calls to come; undefined: nothing. */
function troubleOf({ status, json }: Answer, isUnderstood: boolean): string | null | undefined {
  if (!isUnderstood) return `It answered ${status}, and not as the protocol says: is this the right address?`
  if (status === 200) return null
  const { code } = json as { code: string }
  if (PASSING.has(code)) return undefined
  if (WRONG_TOKEN.has(code))
    return `It refuses the token with which the server calls it (${code}): register it with the token that it expects`
  return `It refuses calls (${code}): is this the right address?`
}

/**
 * From the wait for a connection to the last byte: shorter than a reservation, so that nothing is sent after others may have been given it; and an
 * answer that drips without end does not keep its connection.
 */
export const LONGEST_CALL_MS = 15_000

const CONNECTIONS = 8

const LARGEST_ANSWER = 1_000_000

async function readJson(response: Dispatcher.ResponseData): Promise<unknown> {
  let text = ''
  for await (const chunk of response.body) {
    text += String(chunk)
    if (text.length > LARGEST_ANSWER) throw Object.assign(new Error('Its answer is too long'), { code: 'ANSWER_TOO_LONG' })
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
