import {
  Claim,
  Deregister,
  executorRoutes,
  Heartbeat,
  Logs,
  OpenCallback,
  Register,
  Report,
  type Assignment,
  type ClaimAnswer,
  type Control,
  type Holding,
  type LogLine,
  type ReportAnswer,
  type ReportItem,
} from '@carillon/contract'
import { CarillonError, type ErrorCode } from '@carillon/core'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

export const TOKEN = 'a-test-token'

type CallName = keyof typeof executorRoutes
export type Given = Partial<Assignment> & { readonly handler: string }

export interface ServerCall {
  readonly name: CallName
  readonly body: any
}

interface Row {
  readonly assignment: Assignment
  session: number | null
  claimSeq: number
  started: boolean
  end: ReportItem | null
  readonly log: LogLine[]
}

const BODIES: Record<CallName, TSchema> = {
  register: Register,
  heartbeat: Heartbeat,
  claim: Claim,
  report: Report,
  logs: Logs,
  callback: OpenCallback,
  deregister: Deregister,
}
const checks = Object.fromEntries(Object.entries(BODIES).map(([name, schema]) => [name, Compile(schema)])) as Record<
  CallName,
  ReturnType<typeof Compile>
>

/**
 * A server that speaks the executor protocol over real HTTP, with its state in memory and its faults at hand: it can lose answers after
 * having acted on the request, be away, refuse, and end sessions.
 */
export class ProtocolServer {
  /** Every call that it acted on, in order. */
  readonly calls: ServerCall[] = []
  readonly rows: Row[] = []
  readonly registrations: Register[] = []
  leaseMs = 60_000
  heartbeatMs = 20_000
  limits = { resultBytes: 256_000, logLineBytes: 16_384, reportItems: 1000, logLines: 5000 }
  /** Refuses a call before acting on it. */
  refuse: (call: ServerCall) => CarillonError | undefined = () => undefined
  /** Refuses one report item. */
  invalid: (item: ReportItem) => string | undefined = () => undefined
  /** The connection breaks before the call is acted on. */
  away = false
  turnedAway = 0
  maxUnderWay: Partial<Record<CallName, number>> = {}
  readonly #underWay: Partial<Record<CallName, number>> = {}
  readonly #lose = new Map<CallName, number>()
  readonly #stops: Control['stop'] = []
  #http = createServer((request, response) => void this.#serve(request, response))
  #nextId = 1
  #session = 0
  #left = false
  #listeners = new Set<() => void>()
  #unacknowledged = 0

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get session(): number {
    return this.#session
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    this.#http.closeAllConnections()
    await closed
  }

  /** Puts instances into the queue. */
  give(...given: Given[]): Assignment[] {
    const assignments = given.map((one) => this.#assignment(one))
    for (const assignment of assignments) {
      this.rows.push({ assignment, session: null, claimSeq: 0, started: false, end: null, log: [] })
    }
    this.#changed()
    return assignments
  }

  stop(holding: Holding, reason: Control['stop'][number]['reason']): void {
    this.#stops.push({ instance: holding.instance, token: holding.token, reason })
    this.#changed()
  }

  /** Gives the instance a new token in the hands of someone else. */
  takeAway(holding: Holding): void {
    this.row(holding).session = -1
    this.#changed()
  }

  endSession(): void {
    this.#session += 1_000_000
    this.#changed()
  }

  /** Acts on the next calls of the name, but their answers never arrive. */
  loseAnswers(name: CallName, times = 1): void {
    this.#lose.set(name, times)
  }

  /** Stores log lines of the next requests but acknowledges none. */
  withholdAcks(times: number): void {
    this.#unacknowledged = times
  }

  row(holding: Holding): Row {
    const row = this.rows.find(({ assignment: { instance, token } }) => instance === holding.instance && token === holding.token)
    if (row === undefined) throw new Error(`no instance ${holding.instance} under token ${holding.token}`)
    return row
  }

  end(holding: Holding): any {
    return this.row(holding).end
  }

  callsOf(name: CallName): any[] {
    return this.calls.filter((call) => call.name === name).map(({ body }) => body)
  }

  /** Waits until the condition holds; it is looked at after whatever happens here. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return
        this.#listeners.delete(look)
        resolve()
      }
      this.#listeners.add(look)
    })
  }

  untilEnded(...holdings: readonly Holding[]): Promise<void> {
    return this.until(() => holdings.every((holding) => this.row(holding).end !== null))
  }

  #assignment(given: Given): Assignment {
    const instance = given.instance ?? this.#nextId++
    return {
      instance,
      token: 1,
      run: instance,
      tenant: 1,
      task: given.handler,
      kind: 'handler',
      settings: {},
      params: {},
      variables: {},
      attempt: 1,
      fireAt: null,
      timeoutMs: 0,
      shard: { index: 0, total: 1 },
      idempotencyKey: `key-${instance}`,
      ...given,
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (this.away) {
      this.turnedAway += 1
      request.socket.destroy()
      return this.#changed()
    }
    const name = (Object.keys(executorRoutes) as CallName[]).find((key) => executorRoutes[key].path === request.url)
    if (name === undefined) return answer(response, new CarillonError('NOT_FOUND', request.url ?? ''))
    this.#underWay[name] = (this.#underWay[name] ?? 0) + 1
    this.maxUnderWay[name] = Math.max(this.maxUnderWay[name] ?? 0, this.#underWay[name])
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const result = await this.#act(name, request, Buffer.concat(chunks).toString(), gone.signal).catch((error: unknown) => error)
    this.#underWay[name] -= 1
    const toLose = this.#lose.get(name) ?? 0
    if (toLose > 0) {
      this.#lose.set(name, toLose - 1)
      request.socket.destroy()
    } else answer(response, result)
    this.#changed()
  }

  async #act(name: CallName, request: IncomingMessage, text: string, gone: AbortSignal): Promise<unknown> {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) throw new CarillonError('UNAUTHENTICATED', 'no such token')
    if (request.headers['carillon-protocol'] !== '1') throw new CarillonError('PROTOCOL_UNSUPPORTED', 'header missing')
    const body: any = JSON.parse(text)
    const call: ServerCall = { name, body }
    const refused = this.refuse(call)
    if (refused !== undefined) throw refused
    if (!checks[name].Check(body as unknown)) {
      const problems = checks[name].Errors(body).map(({ instancePath, message }) => ({ path: instancePath, message }))
      throw new CarillonError('VALIDATION_FAILED', 'not valid', { problems })
    }
    this.calls.push(call)
    this.#changed()
    if (name === 'register') return this.#register(body)
    if (body.session !== this.#session || this.#left) throw new CarillonError('SESSION_ENDED', 'register again')
    switch (name) {
      case 'heartbeat':
        return {
          leaseMs: this.leaseMs,
          control: { ...this.#control(), lost: body.running.filter((held: Holding) => !this.#holds(held)) },
        }
      case 'claim':
        return this.#claim(body, gone)
      case 'report':
        return { items: body.items.map((item: ReportItem) => this.#report(item)) }
      case 'logs':
        return { items: body.items.map((item: Logs['items'][number]) => this.#logs(item)) }
      case 'callback':
        return { state: 'NO_ADDRESS', url: null }
      case 'deregister':
        this.#left = true
        return {}
    }
  }

  #register(body: Register): unknown {
    this.registrations.push(body)
    this.#session += 1
    this.#left = false
    return { executorId: 1, session: this.#session, leaseMs: this.leaseMs, heartbeatMs: this.heartbeatMs, limits: this.limits }
  }

  #control(): Control {
    const stop = this.#stops.filter((holding) => this.#holds(holding) && this.row(holding).end === null)
    return { stop, lost: [], status: 'ONLINE' }
  }

  #holds(holding: Holding): boolean {
    return this.rows.some(
      ({ assignment: { instance, token }, session }) =>
        instance === holding.instance && token === holding.token && session === this.#session,
    )
  }

  async #claim({ session, seq, max, waitMs }: Claim, gone: AbortSignal): Promise<ClaimAnswer> {
    const until = performance.now() + waitMs
    for (;;) {
      if (session !== this.#session) throw new CarillonError('SESSION_ENDED', 'register again')
      const assignments = this.#reserve(seq, max)
      const control = this.#control()
      if (assignments.length > 0 || control.stop.length > 0) {
        // A stop is told once here; heartbeats repeat it.
        this.#stops.splice(0)
        return { assignments, control }
      }
      if (gone.aborted || performance.now() >= until || this.#left) return { assignments, control }
      await this.#change(until - performance.now(), gone)
    }
  }

  #reserve(seq: number, max: number): Assignment[] {
    const again = this.rows.filter((row) => row.session === this.#session && row.claimSeq === seq)
    if (again.length > 0) return again.map(({ assignment }) => assignment)
    const fresh = this.rows.filter(({ session }) => session === null).slice(0, max)
    for (const row of fresh) Object.assign(row, { session: this.#session, claimSeq: seq })
    return fresh.map(({ assignment }) => assignment)
  }

  #report(item: ReportItem): ReportAnswer['items'][number] {
    const row = this.rows.find(({ assignment: { instance, token } }) => instance === item.instance && token === item.token)
    if (row === undefined || row.session !== this.#session) return { status: 'STALE' }
    if (row.end !== null) return { status: JSON.stringify(row.end) === JSON.stringify(item) ? 'DUPLICATE' : 'STALE' }
    const detail = this.invalid(item)
    if (detail !== undefined) return { status: 'INVALID', detail }
    if (item.kind === 'STARTED') row.started = true
    else if (item.kind !== 'PROGRESS') row.end = item
    return { status: 'ACCEPTED' }
  }

  #logs({ instance, token, lines }: Logs['items'][number]): unknown {
    const row = this.row({ instance, token })
    for (const line of lines) if (!row.log.some(({ seq }) => seq === line.seq)) row.log.push(line)
    row.log.sort((a, b) => a.seq - b.seq)
    let ackSeq = 0
    while (row.log[ackSeq]?.seq === ackSeq + 1) ackSeq += 1
    if (this.#unacknowledged > 0) {
      this.#unacknowledged -= 1
      ackSeq = 0
    }
    return { status: 'ACCEPTED', ackSeq, cut: false }
  }

  #change(mostMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#listeners.delete(done)
        gone.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, mostMs)
      gone.addEventListener('abort', done)
      this.#listeners.add(done)
    })
  }

  #changed(): void {
    for (const listener of Array.from(this.#listeners)) listener()
  }
}

function answer(response: ServerResponse, result: unknown): void {
  if (response.destroyed) return
  if (result instanceof CarillonError) {
    const { code, status, message, problems } = result
    send(response, status, 'application/problem+json', {
      type: 'about:blank',
      title: code,
      status,
      code,
      detail: message,
      problems,
    })
  } else if (result instanceof Error) {
    send(response, 500, 'text/plain', String(result))
  } else send(response, 200, 'application/json', result)
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

export const refusal = (code: ErrorCode, detail = 'refused by the test'): CarillonError => new CarillonError(code, detail)
