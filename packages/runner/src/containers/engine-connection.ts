import type { Readable } from 'node:stream'
import { Pool, type Dispatcher } from 'undici'
import { ContainerFailure } from './container.ts'

/** The engine said no. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal'
  readonly code = 'CONTAINER_ENGINE'
  readonly status: number
  readonly said: string

  constructor(engine: string, status: number, said: string) {
    super(`${engine} answers ${status}: ${said}`)
    this.status = status
    this.said = said
    delete this.stack
  }
}

/** The engine does not answer, or broke off. */
export class EngineAway extends ContainerFailure {
  constructor(engine: string, cause: unknown) {
    super('CONTAINER_ENGINE', `${engine} does not answer: ${causeOf(cause)}`, true)
  }
}

function causeOf(error: unknown): string {
  const { message, code, errors } = error as NodeJS.ErrnoException & { errors?: readonly Error[] }
  return message || errors?.[0]?.message || code || 'no connection'
}

export interface ConnectionOptions {
  /** As told to people. */
  readonly name: string
  readonly origin: string
  readonly socketPath?: string
  readonly tls?: {
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    readonly servername?: string
    readonly rejectUnauthorized?: boolean
  }
  /** Asked for each call: tokens change. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>
}

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly json?: unknown
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** How long the answer may take to begin, and to go on. 0: for ever. Default 30,000. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000
/** Of proxies before an engine, and of one that has too much to do. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** The API of an engine over HTTP. Every failure is an {@link EngineRefusal} or an {@link EngineAway}. */
export class EngineConnection {
  readonly name: string
  readonly #pool: Pool
  readonly #headers: ConnectionOptions['headers']

  constructor({ name, origin, socketPath, tls, headers }: ConnectionOptions) {
    this.name = name
    this.#headers = headers
    // One for each call under way: several are held open for as long as a container runs.
    this.#pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      ...(socketPath !== undefined && { socketPath }),
      connect: { timeout: 10_000, ...tls },
    })
  }

  /** What is answered, as it comes. */
  async open(call: Call): Promise<Dispatcher.ResponseData & { readonly body: Readable }> {
    const { method, timeoutMs = TIMEOUT_MS, signal } = call
    const body = call.json === undefined ? call.body : JSON.stringify(call.json)
    let response: Dispatcher.ResponseData
    try {
      response = await this.#pool.request({
        method,
        path: call.path + queryOf(call.query),
        headers: {
          ...(call.json !== undefined && { 'content-type': 'application/json' }),
          ...(await this.#headers?.()),
          ...call.headers,
        },
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
    } catch (error) {
      throw this.#failureOf(error, signal)
    }
    if (response.statusCode < 400) return response
    const said = await this.#text(response.body, signal)
    const why = messageIn(said) ?? `${method} ${call.path}`
    if (PASSING.has(response.statusCode)) throw new EngineAway(this.name, new Error(`${response.statusCode}: ${why}`))
    throw new EngineRefusal(this.name, response.statusCode, why)
  }

  async text(call: Call): Promise<string> {
    return this.#text((await this.open(call)).body, call.signal)
  }

  async json<T>(call: Call): Promise<T> {
    return this.#parse<T>(await this.text(call))
  }

  /** The chunks of an answer that goes on; throws where it breaks off. */
  async *chunks(call: Call): AsyncGenerator<Buffer> {
    const { body } = await this.open({ timeoutMs: 0, ...call })
    try {
      for await (const chunk of body) yield chunk as Buffer
    } catch (error) {
      throw this.#failureOf(error, call.signal)
    }
  }

  /** One JSON value a line. */
  async *values<T>(call: Call): AsyncGenerator<T> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of this.chunks(call)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line.trim() !== '') yield this.#parse<T>(line)
    }
    if (rest.trim() !== '') yield this.#parse<T>(rest)
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }

  /** What is not JSON was broken off, or comes from something else than the engine. */
  #parse<T>(text: string): T {
    try {
      return JSON.parse(text) as T
    } catch (error) {
      throw new EngineAway(this.name, error)
    }
  }

  async #text(body: Dispatcher.ResponseData['body'], signal: AbortSignal | undefined): Promise<string> {
    try {
      return await body.text()
    } catch (error) {
      throw this.#failureOf(error, signal)
    }
  }

  #failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
    return signal?.aborted ? signal.reason : new EngineAway(this.name, error)
  }
}

function queryOf(query: Call['query'] = {}): string {
  const given = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value))
  return given.size === 0 ? '' : `?${given.toString()}`
}

/** Docker and Kubernetes both say why in `message`. */
function messageIn(body: string): string | null {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message.trim() : null
  } catch {
    return body.trim() === '' ? null : body.trim().slice(0, 1000)
  }
}
