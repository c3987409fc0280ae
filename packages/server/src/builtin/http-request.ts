import type { HandlerContext } from '@carillon/executor'
import { EgressRefused, egressUrl } from './egress-guard.ts'
import { HttpFailure } from './http-failure.ts'

/** The settings of the kind `http`. */
export interface HttpSettings {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** A text is sent as it is, anything else as JSON; left out: the parameters, where the method has a body. */
  readonly body?: unknown
  /** Left out: 200 to 299. */
  readonly successStatuses?: readonly number[]
  readonly followRedirects?: number
  /** An expression over `status`, `headers` and `body` that decides; left out: the status alone does. */
  readonly success?: string
  /** The other side heeds the idempotency-key header: a POST or PATCH may be repeated after a network fault. */
  readonly idempotent?: boolean
  /** The other side may answer 202, and call back when it has finished. */
  readonly callback?: CallbackSettings
}

export interface CallbackSettings {
  /** From the 202 to the call. Left out: a day. */
  readonly timeoutMs?: number
}

export interface HttpRequest {
  readonly method: HttpSettings['method']
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** These say how a message is carried. A task that could set them could speak to whatever shares the connection. */
const CARRIAGE =
  /^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|http2-settings|proxy-.*)$/

/** By RFC 9110, doing these twice is doing them once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/** Whether a request that may have been carried out may be sent again. */
export function isRepeatable({ method }: Pick<HttpRequest, 'method'>, { idempotent = false }: HttpSettings): boolean {
  return idempotent || IDEMPOTENT.has(method)
}

const SENDS_PARAMS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The request that an attempt sends. Beside the task's headers it carries the idempotency key, which is the same for every attempt, and
 * what it belongs to; a task cannot forge these.
 */
export function requestOf(given: HttpSettings, context: HandlerContext, callback: string | null = null): HttpRequest {
  const settings = callback === null ? given : withCallback(given, callback)
  const body = bodyOf(settings, context.params)
  return {
    method: settings.method,
    url: egressUrl(settings.url),
    headers: {
      'user-agent': 'carillon',
      'accept-encoding': 'gzip',
      ...(body === null ? {} : { 'content-type': body.type }),
      ...ownHeaders(settings.headers ?? {}),
      'idempotency-key': context.idempotencyKey,
      'carillon-run': String(context.run),
      'carillon-attempt': String(context.attempt),
      ...(callback === null ? {} : { 'carillon-callback': callback }),
    },
    body: body?.text ?? null,
  }
}

const PLACE = /\$\{\{\s*callback\.url\s*\}\}/g

/** The address where the settings have a place for it. In the url that is its query, which stands in no log. */
function withCallback(settings: HttpSettings, callback: string): HttpSettings {
  const { url, headers = {}, body } = settings
  return {
    ...settings,
    url: url.replaceAll(PLACE, encodeURIComponent(callback)),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll(PLACE, callback)])),
    ...(body === undefined ? {} : { body: filled(body, callback) }),
  }
}

function filled(value: unknown, callback: string): unknown {
  if (typeof value === 'string') return value.replaceAll(PLACE, callback)
  if (Array.isArray(value)) return value.map((child) => filled(child, callback))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, filled(child, callback)]))
}

/** How a request is called in logs and messages. A query often carries secrets, so it is left out. */
export function nameOf({ method, url }: HttpRequest): string {
  return `${method} ${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`
}

function bodyOf({ method, body }: HttpSettings, params: unknown): { readonly text: string; readonly type: string } | null {
  if (typeof body === 'string') return { text: body, type: 'text/plain; charset=utf-8' }
  const value = body === undefined && SENDS_PARAMS.has(method) ? params : body
  return value === undefined ? null : { text: JSON.stringify(value), type: 'application/json' }
}

function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (CARRIAGE.test(name.toLowerCase()))
        throw new HttpFailure('HTTP_INVALID', `The header "${name}" cannot be set; it is made from the request itself`)
      return [name.toLowerCase(), value]
    }),
  )
}

/** More hops than these are nobody's intention. */
export const MOST_REDIRECTS = 3

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Headers that another origin may see. Of all others nobody knows which are credentials. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'user-agent',
  'idempotency-key',
  'carillon-run',
  'carillon-attempt',
])

/** The request that a redirect asks for; null when the answer is none. Throws {@link EgressRefused} where it may not be followed. */
export function redirectOf(request: HttpRequest, status: number, location: string | undefined): HttpRequest | null {
  if (!REDIRECTS.has(status) || location === undefined || !URL.canParse(location, request.url.href)) return null
  const url = egressUrl(new URL(location, request.url.href).href)
  if (request.url.protocol === 'https:' && url.protocol === 'http:')
    throw new EgressRefused(`${nameOf(request)} redirects from https to http; what it sends would be readable on the way`)
  const entries = Object.entries(request.headers).filter(([name]) => url.origin === request.url.origin || HARMLESS.has(name))
  const headers = Object.fromEntries(entries)
  if (!becomesGet(request.method, status)) return { ...request, url, headers }
  const { 'content-type': _, ...rest } = headers
  return { method: 'GET', url, headers: rest, body: null }
}

/** As browsers do it, and every server expects it. */
function becomesGet(method: HttpRequest['method'], status: number): boolean {
  if (status === 303) return method !== 'HEAD' && method !== 'GET'
  return (status === 301 || status === 302) && method === 'POST'
}
