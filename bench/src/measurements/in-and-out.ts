import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Client } from '@carillon/contract'
import type { Bench, Finding, Measured } from '../bench.ts'
import { instant } from '../harness/clock.ts'
import { seen, until } from '../harness/pace.ts'
import { percentile, tenths } from '../harness/statistics.ts'

/** What the measurement of heartbeats has: many executors that go on beating meanwhile. */
export interface Crowd {
  readonly bench: Bench
  readonly client: Client
  readonly apps: readonly string[]
  /** As an executor calls the server. */
  call(path: string, body: object): Promise<unknown>
  /** Has a session beat with the others from now on. */
  join(session: number): void
  /** From one beat of an executor to the next. */
  readonly everyMs: number
}

const SAMPLES = 20
/** The default of the server. */
const LEASE_MS = 30_000
const HEALTH_EVERY_MS = 5_000
/** One pass of the loop that looks for leases which have run out. */
const LOOK_MS = 1_000

/** How long it takes, among many others, until one that is killed or unwell gets no work any more, and one that comes gets its first. */
export async function inAndOut(crowd: Crowd): Promise<Measured> {
  const machine = await openMachine(crowd.bench)
  const came = await registeredToWork(crowd, machine)
  const [gone, unwell] = await Promise.all([killed(crowd), unhealthy(crowd, machine)])
  const line = (name: string, { p50, max }: Times, most: number, says: string, note: string): Finding => ({
    ...{ name, note: `${SAMPLES} of them, spread over all apps; ${note}` },
    figure: `p50 ${p50} ms, at most ${max} ms`,
    target: { says, met: max <= most },
  })
  const beat = `beats each ${crowd.everyMs / 1000} s, lease ${LEASE_MS / 1000} s`
  return {
    figures: { executorGoneMs: gone, unhealthyMs: unwell, registeredToWorkMs: came },
    findings: [
      line('Killed executor, until it is out of routing', gone, LEASE_MS + LOOK_MS, '≤ its lease, and one look', beat),
      line(
        'Failing health checks, until out of routing',
        unwell,
        3 * HEALTH_EVERY_MS,
        '≤ three intervals',
        `an interval is ${HEALTH_EVERY_MS / 1000} s`,
      ),
      line('Registered, until its first work arrives', came, 1_000, '≤ 1 s', 'half of them ask, half are called'),
    ],
  }
}

interface Times {
  readonly p50: number
  readonly max: number
}

const timesOf = (samples: readonly number[]): Times => ({
  p50: tenths(percentile(samples, 0.5)),
  max: tenths(Math.max(...samples)),
})

const numbers = Array.from({ length: SAMPLES }, (_, n) => n)
/** Spreads what happens to the samples over an interval: somewhere in it each of them is. */
const partOf = (everyMs: number, n: number) => (everyMs * n) / SAMPLES

function register({ apps, call }: Crowd, n: number, instance: string, more: object = {}): Promise<{ session: number }> {
  const body = { protocol: 1, app: apps[n % apps.length]!, instance, mode: 'PULL', handlers: ['work'], capacity: 10, ...more }
  return call('register', body) as Promise<{ session: number }>
}

/** When each of the samples of a name became what `when` tells, by the database's clock, which is this machine's. */
async function instants(
  client: Client,
  prefix: string,
  seconds: number,
  when: (view: View) => number | null,
): Promise<ReadonlyMap<string, number>> {
  return seen(`all of ${prefix}`, seconds, async () => {
    // The database writes down when; looking all the time would be work for it.
    await until(instant() + 500)
    const { items } = await client.executors.list({ query: { q: prefix, limit: 200 } })
    const found = items.flatMap((view): [string, number][] => {
      const at = when(view)
      return at === null ? [] : [[view.instance, at]]
    })
    return found.length === SAMPLES ? new Map(found) : null
  })
}

type View = Awaited<ReturnType<Client['executors']['list']>>['items'][number]

/** Killed at some time after a beat; nobody says goodbye for it. */
async function killed(crowd: Crowd): Promise<Times> {
  const kill = async (n: number) => {
    const { session } = await register(crowd, n, `killed-${n}`)
    await crowd.call('heartbeat', { session, running: [] })
    const at = instant() + partOf(crowd.everyMs, n)
    return at
  }
  const killedAt = await Promise.all(numbers.map(kill))
  const offline = await instants(crowd.client, 'killed-', (2 * LEASE_MS) / 1000, (view) =>
    view.status === 'OFFLINE' ? view.statusSetAt : null,
  )
  return timesOf(numbers.map((n) => offline.get(`killed-${n}`)! - killedAt[n]!))
}

/** Its process goes on beating, and its health URL answers 503. */
async function unhealthy(crowd: Crowd, machine: Machine): Promise<Times> {
  for (const n of numbers) {
    const more = { healthUrl: `${machine.url}/health/${n}`, healthEveryMs: HEALTH_EVERY_MS }
    crowd.join((await register(crowd, n, `unwell-${n}`, more)).session)
  }
  await instants(crowd.client, 'unwell-', 60, ({ health, healthSetAt }) => (health === 'HEALTHY' ? healthSetAt : null))
  const begun = instant()
  const failedAt = await Promise.all(
    numbers.map(async (n) => {
      await until(begun + partOf(HEALTH_EVERY_MS, n))
      machine.fail(`/health/${n}`)
      return instant()
    }),
  )
  const out = await instants(crowd.client, 'unwell-', 60, ({ health, healthSetAt }) =>
    health === 'UNHEALTHY' ? healthSetAt : null,
  )
  return timesOf(numbers.map((n) => out.get(`unwell-${n}`)! - failedAt[n]!))
}

/** Work of a handler that nobody serves waits; from the beginning of the registration until the first of it is there. */
async function registeredToWork(crowd: Crowd, machine: Machine): Promise<Times> {
  const took: number[] = []
  for (const n of numbers) {
    const code = `coming-${n}`
    const app = crowd.apps[n % crowd.apps.length]!
    await crowd.client.taskTypes.create({ body: { code, kind: 'handler', app, settings: { handler: code } } })
    await crowd.client.tasks.create({ body: { code, type: code } })
    await crowd.client.runs.trigger({ params: { task: code }, body: {} })
    const begun = instant()
    took.push((await (n % 2 === 0 ? asks(crowd, n, code) : isCalled(crowd, n, code, machine))) - begun)
  }
  return timesOf(took)
}

async function asks(crowd: Crowd, n: number, code: string): Promise<number> {
  const { session } = await register(crowd, n, code, { handlers: [code] })
  crowd.join(session)
  const answer = (await crowd.call('claim', { session, seq: 1, max: 1, waitMs: 20_000 })) as { assignments: readonly object[] }
  if (answer.assignments.length === 0) throw new Error(`${code} was given nothing.`)
  return instant()
}

async function isCalled(crowd: Crowd, n: number, code: string, machine: Machine): Promise<number> {
  const called = machine.called(`/${code}/invoke`)
  const { session } = await register(crowd, n, code, { handlers: [code], mode: 'PUSH', address: `${machine.url}/${code}` })
  crowd.join(session)
  return called
}

/** Answers health checks until it is told otherwise, and takes what it is given. */
interface Machine {
  readonly url: string
  fail(path: string): void
  /** When that path is called for the first time. */
  called(path: string): Promise<number>
}

async function openMachine({ atEnd }: Bench): Promise<Machine> {
  const failing = new Set<string>()
  const waiting = new Map<string, (at: number) => void>()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    const path = request.url!
    waiting.get(path)?.(instant())
    response.writeHead(failing.has(path) ? 503 : 200, { 'content-type': 'application/json' }).end('{"refused":[]}')
  }
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (path) => void failing.add(path),
    called: (path) => new Promise((resolve) => waiting.set(path, resolve)),
  }
}
