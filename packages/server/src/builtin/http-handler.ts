import { compileExpression } from '@carillon/core'
import { DETACHED, defineHandler, InstanceStopped, type Handler, type HandlerContext } from '@carillon/executor'
import type { LookupFunction } from 'node:net'
import type { EgressRules } from '../lifecycle/private-targets.ts'
import { guardedConnect } from './egress-guard.ts'
import { bodyOf, oneOf, textOf, toldHeaders } from './http-answer.ts'
import { exchange, type ExchangeLimits, type HttpAnswer } from './http-exchange.ts'
import { failureOfRequest, HttpFailure } from './http-failure.ts'
import {
  isRepeatable,
  MOST_REDIRECTS,
  nameOf,
  redirectOf,
  requestOf,
  type CallbackSettings,
  type HttpRequest,
  type HttpSettings,
} from './http-request.ts'

export interface HttpHandlerOptions {
  /** Where the tenant's work may go, at this moment. */
  readonly egressOf: (tenant: number) => EgressRules
  /** From dialling to the last of the answer's headers. Default: as long as the attempt may take, since many endpoints work before they answer. */
  readonly headersMs?: number
  /** The whole of an attempt whose instance has no time-out of its own. Default an hour. */
  readonly totalMs?: number
  /** The largest body, before and after decoding. Default 1,000,000. */
  readonly bodyBytes?: number
  /** Gives the attempt an address to be called back at; null where it is over. Default: this server cannot be called back. */
  readonly openCallback?: (context: HandlerContext, waitMs: number | undefined) => Promise<string | null>
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
 * const { output } = await runHandler(createHttpHandler({ egressOf: () => ({ allowPrivate: true }) }), {
 *   settings: { method: 'GET', url: 'http://127.0.0.1:7070/health' },
 * })
 */
export function createHttpHandler(options: HttpHandlerOptions): Handler {
  return defineHandler({
    name: 'http',
    run: async (context): Promise<HttpOutput | typeof DETACHED> => {
      const settings = context.settings as HttpSettings
      const callback = settings.callback ? await callbackOf(options, context, settings.callback) : null
      const begun = performance.now()
      const { request, answer } = await inTime(context, options.totalMs ?? TOTAL_MS, (signal) =>
        send(requestOf(settings, context, callback), settings, context, limitsOf(options, context, signal)),
      )
      const text = await readText(request, answer, options.bodyBytes ?? BODY_BYTES)
      const durationMs = Math.round(performance.now() - begun)
      context.log.info(`Answered ${answer.status} after ${durationMs} ms with ${answer.body.length} bytes`)
      if (callback !== null && answer.status === PROMISED) {
        context.log.info('It will call back')
        return DETACHED
      }
      if (!succeeds(settings, answer.status)) throw unexpected(settings, request, answer, text)
      const { status, headers } = answer
      const body = bodyOf(text, headers['content-type'])
      assertSuccess(settings, request, { status, headers: everyHeader(headers), body })
      return { status, headers: toldHeaders(headers), body, durationMs }
    },
  })
}

/** 202: accepted, not finished. */
const PROMISED = 202

async function callbackOf(
  { openCallback }: HttpHandlerOptions,
  context: HandlerContext,
  { timeoutMs }: CallbackSettings,
): Promise<string> {
  if (!openCallback)
    throw new HttpFailure(
      'HTTP_NO_CALLBACK',
      'The task asks for a callback, but this server does not know where it can be reached: set its publicUrl',
    )
  const url = await openCallback(context, timeoutMs)
  if (url === null) throw new InstanceStopped('LOST')
  return url
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
  // Asked anew for each connection: between two redirects the rules may have changed.
  const connect: ExchangeLimits['connect'] = (...dialled) =>
    guardedConnect({ ...options.egressOf(tenant), ...(lookup && { lookup }) })(...dialled)
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
    const answer = await exchangeOf(request, settings, limits)
    const next = hop < hops && !succeeds(settings, answer.status) ? redirectOf(request, answer.status, locationOf(answer)) : null
    if (next === null) return { request, answer }
    request = next
  }
}

async function exchangeOf(request: HttpRequest, settings: HttpSettings, limits: ExchangeLimits): Promise<HttpAnswer> {
  let connected = false
  const connect: ExchangeLimits['connect'] = (options, callback) =>
    limits.connect(options, (...result) => {
      connected = result[0] === null
      callback(...result)
    })
  try {
    return await exchange(request, { ...limits, connect })
  } catch (error) {
    // Without a connection nothing has left this machine.
    throw failureOfRequest(error, nameOf(request), !connected || isRepeatable(request, settings))
  }
}

async function readText(request: HttpRequest, answer: HttpAnswer, maxBytes: number): Promise<string> {
  try {
    return await textOf(answer, maxBytes)
  } catch (error) {
    throw failureOfRequest(error, nameOf(request), true)
  }
}

function locationOf({ headers }: HttpAnswer): string | undefined {
  return headers.location === undefined ? undefined : oneOf(headers.location)
}

/** Where an expression decides, any status may come to it, unless statuses are named as well. */
function succeeds({ successStatuses, success }: HttpSettings, status: number): boolean {
  if (successStatuses !== undefined) return successStatuses.includes(status)
  return success !== undefined || (status >= 200 && status <= 299)
}

/** Their names in lower case, as they come. */
function everyHeader(headers: HttpAnswer['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, oneOf(value)]))
}

function assertSuccess({ success }: HttpSettings, request: HttpRequest, answer: Readonly<Record<string, unknown>>): void {
  if (success === undefined) return
  const compiled = compileExpression(success)
  if (compiled.kind === 'INVALID') throw new HttpFailure('HTTP_INVALID', `The success expression: ${compiled.problem.message}`)
  const result = compiled.evaluate(answer)
  if (result.kind === 'VALUE' && result.value === true) return
  const why = result.kind === 'ERROR' ? result.message : `it gives ${JSON.stringify(result.value).slice(0, EXCERPT)}`
  throw new HttpFailure('HTTP_CONDITION', `${nameOf(request)} answered ${String(answer.status)}; success is ${success}: ${why}`)
}

const EXCERPT = 500

function unexpected(settings: HttpSettings, request: HttpRequest, answer: HttpAnswer, text: string): HttpFailure {
  const expected = settings.successStatuses?.join(', ') ?? '200 to 299'
  const location = locationOf(answer)
  const target = location === undefined ? '' : ` and points to ${location}`
  const excerpt = text === '' ? '' : `: ${text.slice(0, EXCERPT).toWellFormed()}${text.length > EXCERPT ? '…' : ''}`
  return new HttpFailure('HTTP_STATUS', `${nameOf(request)} answered ${answer.status}${target}; success is ${expected}${excerpt}`)
}
