import { defineHandler, type Handler, type HandlerContext } from '@carillon/executor'
import type { LookupFunction } from 'node:net'
import { guardedConnect } from './egress-guard.ts'
import { bodyOf, oneOf, textOf, toldHeaders } from './http-answer.ts'
import { exchange, type ExchangeLimits, type HttpAnswer } from './http-exchange.ts'
import { failureOfRequest, HttpFailure } from './http-failure.ts'
import { MOST_REDIRECTS, nameOf, redirectOf, requestOf, type HttpRequest, type HttpSettings } from './http-request.ts'

export interface HttpHandlerOptions {
  /** Whether the tenant's work may reach private addresses. */
  readonly allowPrivate: (tenant: number) => boolean
  /** From dialling to the last of the answer's headers. Default: as long as the attempt may take, since many endpoints work before they answer. */
  readonly headersMs?: number
  /** The whole of an attempt whose instance has no time-out of its own. Default an hour. */
  readonly totalMs?: number
  /** The largest body, before and after decoding. Default 1,000,000. */
  readonly bodyBytes?: number
  /** Default: the system's. */
  readonly lookup?: LookupFunction
}

export interface HttpOutput {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON where the answer is JSON, else a text; null when it is empty. */
  readonly body: unknown
  readonly durationMs: number
}

/**
 * The kind `http`: sends a request and succeeds by the answer's status. What may go wrong is {@link HTTP_FAILURES}.
 *
 * @example
 * const { output } = await runHandler(createHttpHandler({ allowPrivate: () => true }), {
 *   settings: { method: 'GET', url: 'http://127.0.0.1:7070/health' },
 * })
 */
export function createHttpHandler(options: HttpHandlerOptions): Handler {
  return defineHandler({
    name: 'http',
    run: async (context): Promise<HttpOutput> => {
      const settings = context.settings as HttpSettings
      const begun = performance.now()
      const { request, answer } = await inTime(context, options.totalMs ?? TOTAL_MS, (signal) =>
        send(requestOf(settings, context), settings, context, limitsOf(options, context, signal)),
      )
      const text = await readText(request, answer, options.bodyBytes ?? BODY_BYTES)
      const durationMs = Math.round(performance.now() - begun)
      context.log.info(`Answered ${answer.status} after ${durationMs} ms with ${answer.body.length} bytes`)
      if (!succeeds(settings, answer.status)) throw unexpected(settings, request, answer, text)
      const { status, headers } = answer
      return { status, headers: toldHeaders(headers), body: bodyOf(text, headers['content-type']), durationMs }
    },
  })
}

/** The longest attempt there is: the instance's time-out comes before it. */
const HEADERS_MS = 3_600_000
const TOTAL_MS = 3_600_000
const BODY_BYTES = 1_000_000

/** An instance with a time-out is stopped by it; one without must not wait for ever on an answer that drips. */
async function inTime<T>(
  { signal, deadline }: HandlerContext,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (deadline !== null) return work(signal)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new HttpFailure('HTTP_TIMEOUT', `The answer did not end within ${ms} ms`)), ms)
  try {
    return await work(AbortSignal.any([signal, late.signal]))
  } finally {
    clearTimeout(timer)
  }
}

function limitsOf(options: HttpHandlerOptions, { tenant }: HandlerContext, signal: AbortSignal): ExchangeLimits {
  const { headersMs = HEADERS_MS, bodyBytes = BODY_BYTES, lookup } = options
  const connect = guardedConnect({ allowPrivate: options.allowPrivate(tenant), ...(lookup && { lookup }) })
  return { connect, signal, headersMs, bodyBytes }
}

interface Sent {
  readonly request: HttpRequest
  readonly answer: HttpAnswer
}

/** Sends the request, and those that redirects ask for as far as the settings follow them: each is judged as the first one was. */
async function send(first: HttpRequest, settings: HttpSettings, { log }: HandlerContext, limits: ExchangeLimits): Promise<Sent> {
  const hops = Math.min(settings.followRedirects ?? 0, MOST_REDIRECTS)
  let request = first
  for (let hop = 0; ; hop++) {
    log.info(hop === 0 ? nameOf(request) : `Redirected to ${nameOf(request)}`)
    const answer = await exchangeOf(request, limits)
    const next = hop < hops && !succeeds(settings, answer.status) ? redirectOf(request, answer.status, locationOf(answer)) : null
    if (next === null) return { request, answer }
    request = next
  }
}

async function exchangeOf(request: HttpRequest, limits: ExchangeLimits): Promise<HttpAnswer> {
  try {
    return await exchange(request, limits)
  } catch (error) {
    throw failureOfRequest(error, nameOf(request))
  }
}

async function readText(request: HttpRequest, answer: HttpAnswer, maxBytes: number): Promise<string> {
  try {
    return await textOf(answer, maxBytes)
  } catch (error) {
    throw failureOfRequest(error, nameOf(request))
  }
}

function locationOf({ headers }: HttpAnswer): string | undefined {
  return headers.location === undefined ? undefined : oneOf(headers.location)
}

function succeeds({ successStatuses }: HttpSettings, status: number): boolean {
  return successStatuses === undefined ? status >= 200 && status <= 299 : successStatuses.includes(status)
}

const EXCERPT = 500

function unexpected(settings: HttpSettings, request: HttpRequest, answer: HttpAnswer, text: string): HttpFailure {
  const expected = settings.successStatuses?.join(', ') ?? '200 to 299'
  const location = locationOf(answer)
  const target = location === undefined ? '' : ` and points to ${location}`
  const excerpt = text === '' ? '' : `: ${text.slice(0, EXCERPT).toWellFormed()}${text.length > EXCERPT ? '…' : ''}`
  return new HttpFailure('HTTP_STATUS', `${nameOf(request)} answered ${answer.status}${target}; success is ${expected}${excerpt}`)
}
