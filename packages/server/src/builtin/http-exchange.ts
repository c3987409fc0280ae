import { Client, type buildConnector } from 'undici'
import type { IncomingHttpHeaders } from 'undici/types/header.js'
import { HttpFailure } from './http-failure.ts'
import { nameOf, type HttpRequest } from './http-request.ts'

export interface ExchangeLimits {
  readonly connect: buildConnector.connector
  /** Ends the exchange at once; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** From dialling to the last of the answer's headers. */
  readonly headersMs: number
  /** Bytes of body that are read, before they are decoded. */
  readonly bodyBytes: number
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As it came, encoded. */
  readonly body: Buffer
}

/**
 * Sends one request and reads its answer. The connection is its own and ends with it: nothing of one tenant is left for the next, no
 * request fails because the other side was just closing an idle connection, and an answer that never ends, ends here.
 */
export async function exchange(request: HttpRequest, limits: ExchangeLimits): Promise<HttpAnswer> {
  const { url, method, headers, body } = request
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(timeOutOf(request, limits.headersMs)), limits.headersMs)
  const signal = AbortSignal.any([limits.signal, late.signal])
  // undici's own time-outs start anew with every byte and with every phase; the signal's do not.
  const client = new Client(url.origin, {
    connect: limits.connect,
    maxResponseSize: limits.bodyBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  // A request looks at its signal only once it has a connection; before that, its client must go.
  const leave = () => void client.destroy(signal.reason as Error)
  signal.addEventListener('abort', leave)
  try {
    const response = await client.request({ method, path: url.pathname + url.search, headers: { ...headers }, body, signal })
    clearTimeout(timer)
    const bytes = Buffer.from(await response.body.arrayBuffer())
    return { status: response.statusCode, headers: response.headers, body: bytes }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    void client.destroy()
  }
}

function timeOutOf(request: HttpRequest, ms: number): HttpFailure {
  return new HttpFailure('HTTP_TIMEOUT', `${nameOf(request)} was not answered within ${ms} ms`)
}
