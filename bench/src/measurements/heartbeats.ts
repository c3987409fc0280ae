import type { Fetch } from '@carillon/contract'
import type { Measurement } from '../bench.ts'
import { openConnections } from '../harness/connections.ts'
import { instant } from '../harness/clock.ts'
import { pace, until } from '../harness/pace.ts'
import { coreShare } from '../harness/usage.ts'
import { inAndOut } from './in-and-out.ts'

const FULL = { executors: 2_000, watchedSeconds: 30, warmUpRounds: 4 }
/** Shows that it works; its figures say little. */
const QUICK = { executors: 200, watchedSeconds: 5, warmUpRounds: 1 }
const APPS = 50
const EVERY_SECONDS = 10
const CONNECTIONS = 64
/** Executors that are registered between two looks at the clock. */
const GROUP = 100

/**
 * Two thousand executors with nothing to do: what their heartbeats cost server and PostgreSQL together, of one core; and, while they go on, how
 * soon routing notices who comes, who dies and who is unwell.
 */
export const heartbeats: Measurement = {
  name: 'heartbeats',
  fullOnly: true,
  async measure(bench) {
    const { executors, watchedSeconds, warmUpRounds } = bench.quick ? QUICK : FULL
    const carillon = await bench.carillon()
    const { client } = await carillon.tenant('heartbeats', { connected: false })
    // What measurements before have left to write is no idling.
    await bench.postgres.settle()
    const idle = await coreShare(bench, () => until(instant() + watchedSeconds * 1_000))
    const apps = Array.from({ length: APPS }, (_, n) => `beating-${n}`)
    for (const code of apps) await client.apps.create({ body: { code } })
    const { secret } = await client.tokens.create({ body: { name: 'all', role: 'executor' } })
    const connections = openConnections(carillon.url, CONNECTIONS)
    bench.atEnd(() => connections.close())
    const call = callerOf(carillon.url, secret, connections.fetch)
    const register = async (n: number) => {
      const body = {
        protocol: 1,
        app: apps[n % APPS]!,
        instance: `executor-${n}`,
        mode: 'PULL',
        handlers: ['work'],
        capacity: 10,
      }
      return ((await call('register', body)) as { session: number }).session
    }
    const beatOf = (session: number) => call('heartbeat', { session, running: [] })
    const sessions: number[] = []
    let beaten = performance.now()
    while (sessions.length < executors) {
      const from = sessions.length
      sessions.push(...(await inTurns(GROUP, CONNECTIONS, (n) => register(from + n))))
      // On a busy machine the first leases would be over before the last executor is there.
      if (performance.now() - beaten < EVERY_SECONDS * 1000) continue
      beaten = performance.now()
      await inTurns(sessions.length, CONNECTIONS, (n) => beatOf(sessions[n]!))
    }
    let next = 0
    const beat = () => beatOf(sessions[next++ % sessions.length]!)
    // Some rounds, so that code is compiled as in a node that has been up for a while, and no lease is about to end.
    await pace(executors / EVERY_SECONDS, warmUpRounds * EVERY_SECONDS, beat)
    const beating = await coreShare(bench, () => pace(executors / EVERY_SECONDS, watchedSeconds, beat))
    const share = beating - idle
    const crowd = {
      bench,
      client,
      apps,
      call,
      everyMs: EVERY_SECONDS * 1_000,
      join: (session: number) => void sessions.push(session),
    }
    const others = goOn(() => Math.ceil(sessions.length / EVERY_SECONDS), beat)
    const around = await inAndOut(crowd)
    await others.stop()
    return {
      figures: { heartbeatCorePercent: Number(share.toFixed(2)), ...around.figures },
      findings: [
        {
          name: `Heartbeats of ${executors} executors of ${APPS} apps, each ${EVERY_SECONDS} s: server and PostgreSQL together`,
          figure: `${share.toFixed(2)} % of a core`,
          target: { says: '< 10 %', met: share < 10 },
          note: `${beating.toFixed(2)} % over ${watchedSeconds} s, less the ${idle.toFixed(2)} % of before they came; ${CONNECTIONS} connections`,
        },
        ...around.findings,
      ],
    }
  },
}

/** Calls `act` so many times a second until it is stopped. */
function goOn(perSecond: () => number, act: () => Promise<unknown>): { stop(): Promise<void> } {
  let stopped = false
  const going = (async () => {
    while (!stopped) await pace(perSecond(), 1, act)
  })()
  return { stop: () => ((stopped = true), going) }
}

function callerOf(url: string, token: string, fetch: Fetch) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${url}/executor/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

/** Does something `count` times, `atOnce` of them at a time; the results in order. */
async function inTurns<T>(count: number, atOnce: number, act: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async () => {
    for (let n = next++; n < count; n = next++) results[n] = await act(n)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}
