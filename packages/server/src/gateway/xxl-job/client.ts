import type { Dispatcher } from 'undici'
import { logBody, readAnswer, runBody, runPaths, urlOf, type Answer, type Dialect, type Order } from './outbound.ts'
import { reasonOf } from '../../transport/reason.ts'
import { isNeverSent } from '../../transport/never-sent.ts'
import { createPools, type ConnectOf, type Pools } from '../../transport/pools.ts'

/** An executor, as it is called. */
export interface Callee {
  /** Whose egress rules its address is judged by. */
  readonly tenantId: number
  readonly address: string
  readonly dialect: Dialect
  /** Code of its app: dialect C wants to hear it, the others do not mind. */
  readonly app: string
  readonly token: string
}

export type Called =
  | Exclude<Answer, { kind: 'UNREADABLE' }>
  /** Nothing of it can have arrived. */
  | { readonly kind: 'NEVER_SENT'; readonly message: string }
  /** It may have arrived, and been done. */
  | { readonly kind: 'UNKNOWN'; readonly message: string; readonly isTooLong?: boolean }

/** `spoke`: it did not know the word of the dialect that it was taken for, and knew that of this one. */
export type Given = Called & { readonly spoke?: Dialect }

/** The five calls. They never throw, follow no redirects and never repeat what may have been done. */
export interface XxlJobClient {
  run(callee: Callee, order: Order): Promise<Given>
  /** Everything of a task on that executor: what it runs and what it has queued. */
  kill(callee: Callee, jobId: number): Promise<Called>
  log(callee: Callee, asked: { readonly logId: number; readonly sentAt: number; readonly from: number }): Promise<Called>
  beat(callee: Callee, signal?: AbortSignal): Promise<Called>
  /** OK: it neither runs nor has queued anything of the task. */
  idleBeat(callee: Callee, jobId: number): Promise<Called>
  close(): Promise<void>
}

export interface ClientOptions {
  /** Dials only addresses that the egress rules of the executor's tenant allow. Default: any. */
  readonly connectOf?: ConnectOf
  /** How long an answer may take. */
  readonly answerMs?: number
}

/** Executors answer at once, for they only queue; the reference gives them three seconds. */
const ANSWER_MS = 5_000

/** From the first look-up to the last byte: no call takes longer, so nothing has to wait longer for one to be over. */
export const LONGEST_CALL_MS = 15_000

export function createXxlJobClient({ connectOf, answerMs = ANSWER_MS }: ClientOptions = {}): XxlJobClient {
  const pools = createPools({ connections: 8, headersTimeout: answerMs, bodyTimeout: answerMs }, connectOf)
  const longest = () => AbortSignal.timeout(LONGEST_CALL_MS)
  const post = (callee: Callee, action: string, body: unknown, signal = longest()) => send(pools, callee, action, body, signal)
  return {
    async run(callee, order) {
      const [path, other] = runPaths(callee.dialect)
      // Of both together: a reservation does not last longer.
      const signal = longest()
      const called = await post(callee, path, runBody(order), signal)
      // It does not know the word, so it has done nothing.
      if (!isUnknownWord(called)) return called
      const again = await post(callee, other, runBody(order), signal)
      const isKnown = again.kind === 'OK' || (again.kind === 'REFUSED' && !again.wrongPath)
      return isKnown ? { ...again, spoke: callee.dialect === 'C' ? 'AB' : 'C' } : again
    },
    kill: (callee, jobId) => post(callee, 'kill', { jobId }),
    log: (callee, { logId, sentAt, from }) => post(callee, 'log', logBody(logId, sentAt, from)),
    // An empty object: no body at all, or the text that the reference sends, is more than some can read.
    beat: (callee, signal) => post(callee, 'beat', {}, signal),
    idleBeat: (callee, jobId) => post(callee, 'idleBeat', { jobId }),
    close: () => pools.close(),
  }
}

const isUnknownWord = (called: Called): boolean => called.kind === 'REFUSED' && called.wrongPath

async function send(
  pools: Pools,
  { tenantId, address, app, token }: Callee,
  action: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Called> {
  try {
    const { origin, pathname } = new URL(urlOf(address, action))
    const response = await pools.of(tenantId, origin).request({
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json;charset=UTF-8', 'xxl-job-access-token': token, 'xxl-job-appname': app },
      body: JSON.stringify(body),
      signal,
    })
    const answer = readAnswer(response.statusCode, await textOf(response))
    return answer.kind === 'UNREADABLE' ? { kind: 'UNKNOWN', message: answer.message } : answer
  } catch (error) {
    const message = reasonOf(error)
    if (isNeverSent(error)) return { kind: 'NEVER_SENT', message }
    return { kind: 'UNKNOWN', message, isTooLong: (error as { code?: unknown }).code === TOO_LONG }
  }
}

/** Java sends all that there is of a log at once. */
const LARGEST_ANSWER = 16 * 2 ** 20
const TOO_LONG = 'ANSWER_TOO_LONG'

async function textOf({ body }: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > LARGEST_ANSWER) throw Object.assign(new Error('Its answer is too long'), { code: TOO_LONG })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
