import { createHash } from 'node:crypto'
import { fieldsOf } from './inbound.ts'

/** What executors of xxl-job are sent, and how their answers are read. */
export type Dialect = 'AB' | 'C'

/** The settings of a task of the kind `xxl-job`. */
interface JobSettings {
  readonly handler?: string
  readonly glue?: string
  readonly source?: string
  readonly blockStrategy?: string
}

export interface Order {
  readonly jobId: number
  readonly logId: number
  /** When it was sent: names the day under which the executor keeps the log. */
  readonly sentAt: number
  readonly settings: unknown
  readonly params: unknown
  readonly timeoutMs: number
  readonly shard: { readonly index: number; readonly total: number }
}

/** The body of `/run`: all twelve fields with a value of their own, for some clients refuse a body that lacks one. */
export function runBody({ jobId, logId, sentAt, shard, timeoutMs, ...order }: Order) {
  const { settings, params } = workOf(order)
  const source = settings.source ?? ''
  return {
    jobId,
    executorHandler: settings.handler ?? '',
    executorParams: paramText(params),
    executorBlockStrategy: settings.blockStrategy ?? 'SERIAL_EXECUTION',
    executorTimeout: Math.ceil(timeoutMs / 1000),
    logId,
    logDateTime: sentAt,
    glueType: settings.glue ?? 'BEAN',
    glueSource: source,
    glueUpdatetime: source === '' ? 0 : versionOf(source),
    broadcastIndex: shard.index,
    broadcastTotal: shard.total,
  }
}

/** Of a type whose settings are `{ "fromParams": true }` the parameters hold the settings, and `params` what the work itself is given. */
function workOf({ settings, params }: Pick<Order, 'settings' | 'params'>): { settings: JobSettings; params: unknown } {
  if (fieldsOf(settings)['fromParams'] !== true) return { settings: fieldsOf(settings), params }
  const { params: inner = {}, ...own } = fieldsOf(params)
  return { settings: own, params: inner }
}

/**
 * Parameters are a text there: `executorParam`, whatever else a run may have been given beside it (a downstream run has `upstream`). Without
 * it all are sent as JSON, and none as an empty text.
 */
function paramText(params: unknown): string {
  if (typeof params === 'string') return params
  const fields = fieldsOf(params)
  if (typeof fields['executorParam'] === 'string') return fields['executorParam']
  return Object.keys(fields).length > 0 || Array.isArray(params) ? JSON.stringify(params) : ''
}

/** An executor keeps a script as long as this number stays the same, so it is made of the script: 48 bits of its hash. */
function versionOf(source: string): number {
  return createHash('sha256').update(source).digest().readUIntBE(0, 6)
}

/** Both names of the field: each dialect knows one and passes over the other. */
export function logBody(logId: number, sentAt: number, fromLineNum: number) {
  return { logDateTim: sentAt, logDateTime: sentAt, logId, fromLineNum }
}

/** Executors compare the path as text: exactly one slash, nothing behind. */
export const urlOf = (address: string, action: string): string => `${address.replace(/\/+$/, '')}/${action}`

/** RUN in dialects A and B, TRIGGER in C: each refuses the other's word. */
export const runPaths = (dialect: Dialect): readonly [string, string] =>
  dialect === 'C' ? ['trigger', 'run'] : ['run', 'trigger']

export type Answer =
  | { readonly kind: 'OK'; readonly payload: unknown }
  | { readonly kind: 'REFUSED'; readonly message: string; readonly wrongPath: boolean }
  /** Not from an executor, or not whole: nobody knows what it has done. */
  | { readonly kind: 'UNREADABLE'; readonly message: string }

/**
 * An answer, whatever its status and content type say: only its body counts. One that is JSON and does not say 200 is a refusal; Go refuses with
 * a list of callbacks.
 */
export function readAnswer(status: number, text: string): Answer {
  const json = jsonOf(text)
  if (json === undefined) return unreadable(status, text)
  const { code, msg, content, data } = fieldsOf(json)
  // Not an executor's words: of one that failed in the middle of it, or of a gateway that has lost patience with one at work.
  if (status >= 500 && code === undefined && !Array.isArray(json)) return unreadable(status, text)
  if (code === 200) return { kind: 'OK', payload: content ?? data ?? null }
  const message = String(
    (Array.isArray(json) ? fieldsOf(json[0])['handleMsg'] : msg) ?? `The executor answered ${text.slice(0, 200)}`,
  )
  return { kind: 'REFUSED', message, wrongPath: /uri-mapping\b.*not found/s.test(message) }
}

/** An error page: of a server that has no such path, which is a refusal, or of something in between. */
function unreadable(status: number, text: string): Answer {
  const message = `It was answered with status ${status}: ${text.slice(0, 200)}`
  return status >= 400 && status < 500 ? { kind: 'REFUSED', message, wrongPath: status === 404 } : { kind: 'UNREADABLE', message }
}

function jsonOf(text: string): unknown {
  try {
    const json = JSON.parse(text) as unknown
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}
