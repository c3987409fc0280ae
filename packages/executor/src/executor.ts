import { PROTOCOL_VERSION, type Register, type Registered } from '@carillon/contract'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { BACK_OFF, BackOff, rest, type BackOffOptions } from './back-off.ts'
import type { Connection } from './connection.ts'
import type { Handler } from './define-handler.ts'
import { stderrLog, type ExecutorLog } from './executor-log.ts'
import { meaningOf, messageOf } from './failed-call.ts'
import { indexHandlers, type HandlerIndex } from './handler-index.ts'
import { httpConnection } from './http-connection.ts'
import { isIsolated } from './isolation/messages.ts'
import { LOG_SHIPPER, type LogShipperOptions } from './log-shipper.ts'
import { noticing } from './noticing.ts'
import { Places } from './places.ts'
import { PULL, pull, type PullOptions } from './pull.ts'
import { checkListen, listen, type Listening, type ListenOptions, type PushListener } from './push.ts'
import { REPORTER, type ReporterOptions } from './reporter.ts'
import { Session, type SessionDeps } from './session.ts'
import { noCounters, type ExecutorStats } from './stats.ts'

export interface ExecutorOptions {
  /** Base URL of the server. Not needed with a `connection`. */
  readonly server?: string
  /** Access token of the app's executors. Not needed with a `connection`. */
  readonly token?: string
  /** Another way to the server than HTTP. */
  readonly connection?: Connection
  /** Code of the app that it belongs to. */
  readonly app: string
  /**
   * Its name, unique in the app: a process that is started under the name of another replaces it, and the other is let in again when that one has
   * gone. Default `<host>:<process id>`.
   */
  readonly instance?: string
  readonly handlers: readonly Handler[]
  /** `pull` (default): it asks the server for instances, which works from behind a firewall. `push`: the server calls it at `listen`. */
  readonly mode?: 'pull' | 'push'
  /** Where a push executor listens. */
  readonly listen?: ListenOptions
  /**
   * A URL that the server asks with GET: it gives work only while the answer is 2xx. A push executor answers at `<address>/health`. Default:
   * none; heartbeats alone decide.
   */
  readonly healthUrl?: string
  /** How many instances one call of a push executor may bring. Default: as many as there are for it; 1: each by itself. */
  readonly perCall?: number
  /** How many instances it runs at once. Default 10. */
  readonly capacity?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly metadata?: Readonly<Record<string, string>>
  /** How long leaving waits for running handlers before it aborts them. Default 30,000. */
  readonly drainMs?: number
  /** How long handlers that were aborted by leaving have to end. Default 2,000. */
  readonly graceMs?: number
  /** How long leaving waits for the server to take the last results. Default 10,000. */
  readonly flushMs?: number
  /** Where the executor says what goes wrong. Default: standard error. */
  readonly log?: ExecutorLog
  /** Waits and sizes. The defaults are meant to be right. */
  readonly tuning?: ExecutorTuning
}

export interface ExecutorTuning {
  readonly backOff?: Partial<BackOffOptions>
  readonly pull?: Partial<PullOptions>
  readonly reports?: Partial<ReporterOptions>
  readonly logs?: Partial<LogShipperOptions>
  /** Leaving says what it waits for once that has taken so long. Default 1,000. */
  readonly noticeMs?: number
}

export interface Executor {
  /** Resolves when it is registered; waits for a server that is away, rejects when it is not let in. */
  start(): Promise<void>
  /** Leaves in peace: takes nothing new, hands back what has not started, lets running handlers end (`drainMs`), reports, deregisters. */
  drain(): Promise<void>
  /** Leaves now: as drain, but running handlers are aborted at once. */
  stop(): Promise<void>
  readonly stats: ExecutorStats
}

/**
 * Creates an executor.
 *
 * @example
 * const executor = createExecutor({ server: 'http://127.0.0.1:8080', token, app: 'billing', handlers: [greet] })
 * await executor.start()
 * drainOnSignals(executor)
 */
export function createExecutor(options: ExecutorOptions): Executor {
  if (isIsolated())
    throw new Error('The module of an isolated handler creates an executor; define the handler in a module of its own')
  return new RunningExecutor(options)
}

let created = 0

/** Two executors of one process must not replace each other's registration. */
function defaultInstance(): string {
  created += 1
  return `${hostname()}:${process.pid}${created === 1 ? '' : `:${created}`}`
}

class RunningExecutor implements Executor {
  readonly #options: ExecutorOptions
  readonly #instance: string
  readonly #log: ExecutorLog
  readonly #handlers: HandlerIndex
  readonly #connection: Connection
  readonly #backOff: BackOffOptions
  readonly #pull: PullOptions
  /** Null for a pull executor. */
  readonly #listen: Listening | null
  readonly #places: Places
  readonly #counters = noCounters()
  readonly #sessionDeps: SessionDeps
  /** Aborted when it leaves: nothing is registered any more. */
  readonly #leaving = new AbortController()
  /** Aborted when leaving should not wait for handlers any longer. */
  readonly #hurry = new AbortController()
  #state: ExecutorStats['state'] = 'NEW'
  #session: Session | null = null
  #listener: PushListener | null = null
  #running: Promise<void> = Promise.resolve()
  #left: Promise<void> | undefined

  constructor(options: ExecutorOptions) {
    const { tuning = {} } = options
    this.#options = options
    this.#instance = options.instance ?? defaultInstance()
    this.#log = options.log ?? stderrLog
    this.#handlers = indexHandlers(options.handlers)
    this.#connection = noticing(options.connection ?? connectionOf(options), this.#log)
    this.#backOff = { ...BACK_OFF, ...tuning.backOff }
    this.#pull = { ...PULL, ...tuning.pull }
    this.#places = new Places(capacityOf(options))
    this.#listen = listenOf(options)
    this.#sessionDeps = {
      connection: this.#connection,
      handlers: this.#handlers,
      places: this.#places,
      counters: this.#counters,
      backOff: this.#backOff,
      reporter: { ...REPORTER, ...tuning.reports },
      shipper: { ...LOG_SHIPPER, ...tuning.logs },
      log: this.#log,
    }
  }

  get stats(): ExecutorStats {
    const { running } = this.#places
    return {
      ...this.#counters,
      state: this.#state,
      session: this.#session?.id ?? null,
      running,
      held: this.#session?.attempts.size ?? 0,
    }
  }

  async start(): Promise<void> {
    if (this.#state !== 'NEW') throw new Error('An executor starts once; create another one')
    this.#state = 'STARTING'
    const registered = this.#enter()
    this.#running = registered.then(
      (first) => this.#serve(first),
      () => {},
    )
    await registered
  }

  drain(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }

  stop(): Promise<void> {
    this.#hurry.abort()
    return this.drain()
  }

  /** A push executor listens before it registers: the server may call as soon as it knows the address. */
  async #enter(): Promise<Registered | null> {
    if (this.#listen !== null) {
      this.#listener = await listen(this.#listen, {
        session: () => this.#session,
        handlers: this.#handlers,
        places: this.#places,
      })
    }
    try {
      return await this.#register('REJECT')
    } catch (error) {
      await this.#listener?.close()
      throw error
    }
  }

  /** One session after the other until it leaves. */
  async #serve(first: Registered | null): Promise<void> {
    const backOff = new BackOff(this.#backOff)
    let next = first
    while (next !== null) {
      const begun = performance.now()
      const session = new Session(next, this.#sessionDeps)
      this.#session = session
      if (this.#state === 'STARTING') this.#state = 'ONLINE'
      await Promise.all([session.beat(), this.#listen === null && pull(this.#connection, session, this.#places, this.#pull)])
      this.#session = null
      if (this.#leaving.signal.aborted) return
      this.#log.warn(`Session ${session.id} has ended on the server; what ran under it is lost. Registering again`)
      // Whatever ends sessions over and over should not do it at full speed.
      if (performance.now() - begun > next.leaseMs) backOff.reset()
      await rest(backOff.next(), this.#leaving.signal)
      next = await this.#register('REPEAT', session.id)
    }
  }

  /** Registers, waiting for a server that is away. Null when it leaves meanwhile. */
  async #register(whenForbidden: 'REJECT' | 'REPEAT', previous?: number): Promise<Registered | null> {
    const backOff = new BackOff(this.#backOff)
    while (!this.#leaving.signal.aborted) {
      try {
        const registered = await this.#connection.register(this.#registration(previous))
        if (!this.#leaving.signal.aborted) return registered
        await this.#deregister(registered.session)
      } catch (error) {
        if (whenForbidden === 'REJECT' && meaningOf(error) !== 'AWAY') throw error
        this.#log.warn(`Cannot register: ${messageOf(error)}. Trying again`)
      }
      await rest(backOff.next(), this.#leaving.signal)
    }
    return null
  }

  /** `previous`: the session that it had, so that the server can tell it from a process that has been started anew. */
  #registration(previous: number | undefined): Register {
    const { app, labels, metadata, healthUrl, perCall } = this.#options
    return {
      protocol: PROTOCOL_VERSION,
      app,
      instance: this.#instance,
      ...(previous !== undefined && { previous }),
      mode: this.#listen === null ? 'PULL' : 'PUSH',
      ...(this.#listener !== null && { address: this.#listener.address }),
      ...(this.#listen !== null && { callToken: this.#listen.token }),
      ...(healthUrl !== undefined && { healthUrl }),
      ...(perCall !== undefined && this.#listen !== null && { perCall }),
      handlers: [...this.#handlers.names],
      capacity: this.#places.capacity,
      metadata: { sdk: 'typescript', node: process.version, pid: String(process.pid), ...metadata },
      ...(labels !== undefined && { labels: { ...labels } }),
    }
  }

  async #leave(): Promise<void> {
    this.#state = 'DRAINING'
    this.#leaving.abort()
    this.#places.close()
    const session = this.#session
    if (session !== null) {
      await this.#windUp(session)
      const ended = session.over.aborted
      session.end()
      if (!ended) await this.#deregister(session.id)
    }
    await this.#running
    await this.#listener?.close()
    await this.#connection.close?.()
    this.#state = 'STOPPED'
  }

  async #windUp(session: Session): Promise<void> {
    const { drainMs = 30_000, graceMs = 2000 } = this.#options
    const places = this.#places
    const { attempts, over } = session
    const hurry = AbortSignal.any([this.#hurry.signal, over])
    attempts.releaseWaiting()
    const handlers = () => `handlers to end (${places.running} running); then they are aborted`
    await this.#patiently(drainMs, handlers, () => places.until(() => places.running === 0, drainMs, hurry))
    attempts.stopAll('SHUTDOWN')
    await places.until(() => places.running === 0, graceMs, over)
    if (places.running > 0) this.#log.warn(`${places.running} handlers did not end when they were aborted; they are left behind`)
    await this.#settle(session)
  }

  /** What leaving still wants of the server: the answer to a claim that was broken off, and that it takes the last results. */
  async #settle({ over, caughtUp }: Session): Promise<void> {
    const { flushMs = 10_000 } = this.#options
    const places = this.#places
    const until = Date.now() + flushMs
    const server = () => {
      const wanted = places.unreported > 0 ? `take results (${places.unreported} unreported)` : 'answer the last claim'
      return `the server to ${wanted}; then it leaves without`
    }
    await this.#patiently(flushMs, server, async () => {
      if (this.#listen === null) await rest(flushMs, AbortSignal.any([caughtUp, over]))
      await places.until(() => places.unreported === 0, until - Date.now(), over)
    })
    if (places.unreported > 0)
      this.#log.error(`${places.unreported} results could not be reported; the server will repeat or fail these instances`)
  }

  /** A wait that takes longer than a moment says, once, for what and until when. */
  async #patiently(mostMs: number, what: () => string, wait: () => Promise<void>): Promise<void> {
    const until = new Date(Date.now() + mostMs).toISOString()
    const say = () => this.#log.info(`Leaving waits until ${until} at the latest for ${what()}`)
    const notice = setTimeout(say, this.#options.tuning?.noticeMs ?? 1000)
    await wait()
    clearTimeout(notice)
  }

  /** Failing is harmless: the lease ends by itself. */
  async #deregister(session: number): Promise<void> {
    try {
      await this.#connection.deregister({ session })
    } catch (error) {
      if (meaningOf(error) !== 'SESSION_ENDED')
        this.#log.warn(`Cannot deregister: ${messageOf(error)}. The server will notice by itself`)
    }
  }
}

function connectionOf({ server, token }: ExecutorOptions): Connection {
  if (server === undefined || token === undefined)
    throw new TypeError('An executor needs `server` and `token`, or a `connection`')
  return httpConnection({ server, token })
}

function listenOf({ mode = 'pull', listen }: ExecutorOptions): Listening | null {
  if (mode === 'pull') return null
  if (listen === undefined) throw new TypeError('A push executor needs `listen: { port }`')
  const listening = { ...listen, token: listen.token ?? randomBytes(32).toString('base64url') }
  checkListen(listening)
  return listening
}

function capacityOf({ capacity = 10 }: ExecutorOptions): number {
  if (Number.isInteger(capacity) && capacity >= 1 && capacity <= 100_000) return capacity
  throw new TypeError(`The capacity must be a whole number from 1 to 100,000; got ${capacity}`)
}
