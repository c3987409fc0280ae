import { setMaxListeners } from 'node:events'
import { setTimeout as rest } from 'node:timers/promises'
import type { Fetch } from '@carillon/contract'
import type { Bench, Measurement } from '../bench.ts'
import { startChild } from '../harness/child.ts'
import { openConnections } from '../harness/connections.ts'
import { instant } from '../harness/clock.ts'
import { inTurns, until } from '../harness/pace.ts'
import { coreShare, cpuSeconds } from '../harness/usage.ts'
import type { BareHttpCalls } from '../processes/bare-http.ts'
import { inAndOut } from './in-and-out.ts'

/** After the last one has come they beat for a while, so that code is compiled as in a node that has been up for long. */
const FULL = { executors: 2_000, warmUpSeconds: 40, watchedSeconds: 30 }
/** Shows that it works; its figures say little. */
const QUICK = { executors: 200, warmUpSeconds: 10, watchedSeconds: 5 }
const APPS = 50
const EVERY_SECONDS = 10
/** As many as there are beats under way at most: they gather for a while at the node. */
const CONNECTIONS = 256
const REGISTERED_AT_ONCE = 40

/**
 * Two thousand executors with nothing to do: what their heartbeats cost server and PostgreSQL together, of one core; and, while they go on, how
 * soon routing notices who comes, who dies and who is unwell.
 */
export const heartbeats: Measurement = {
  name: 'heartbeats',
  fullOnly: true,
  async measure(bench) {
    const sizes = bench.quick ? QUICK : FULL
    const { executors, warmUpSeconds, watchedSeconds } = sizes
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
    const crowd = createCrowd(call)
    let last = 0
    await inTurns(executors, REGISTERED_AT_ONCE, async () => {
      const n = last++
      const body = {
        protocol: 1,
        app: apps[n % APPS]!,
        instance: `executor-${n}`,
        mode: 'PULL',
        handlers: ['work'],
        capacity: 10,
      }
      const { session } = (await call('register', body)) as { session: number }
      crowd.join(session)
    })
    await until(instant() + warmUpSeconds * 1_000)
    const beating = await coreShare(bench, () => until(instant() + watchedSeconds * 1_000))
    const around = await inAndOut({ bench, client, apps, call, join: crowd.join, everyMs: EVERY_SECONDS * 1_000 })
    await crowd.leave()
    const share = beating - idle
    const floor = await bareShare(bench, sizes)
    return {
      figures: { heartbeatCorePercent: round(share), heartbeatTimesBareHttp: round(share / floor), ...around.figures },
      findings: [
        {
          name: `Heartbeats of ${executors} executors of ${APPS} apps, each ${EVERY_SECONDS} s: server and PostgreSQL together`,
          figure: `${share.toFixed(2)} % of a core`,
          target: { says: '< 10 %', met: share < 10 },
          note: `${beating.toFixed(2)} % over ${watchedSeconds} s, less the ${idle.toFixed(2)} % of before they came; a bare HTTP server that is asked the same and keeps nothing: ${floor.toFixed(2)} %`,
        },
        ...around.findings,
      ],
    }
  },
}

/** The same executors at a process that does nothing but take and answer their requests: of one core. */
async function bareShare(bench: Bench, { executors, warmUpSeconds, watchedSeconds }: typeof FULL): Promise<number> {
  const child = await startChild<BareHttpCalls>('bare-http')
  bench.atEnd(() => child.stop())
  const { url } = await child.call('start', undefined)
  const connections = openConnections(url, CONNECTIONS)
  bench.atEnd(() => connections.close())
  const crowd = createCrowd(callerOf(url, 'nobody', connections.fetch))
  const begun = instant()
  for (let n = 0; n < executors; n++) {
    await until(begun + (n * EVERY_SECONDS * 1_000) / executors)
    crowd.join(n)
  }
  await until(instant() + warmUpSeconds * 1_000)
  const before = cpuSeconds(child.pid)
  await until(instant() + watchedSeconds * 1_000)
  const share = ((cpuSeconds(child.pid) - before) * 100) / watchedSeconds
  await crowd.leave()
  return share
}

type Call = (path: string, body: object) => Promise<unknown>

/** Executors that do nothing but beat, each a fixed time after its last answer, as those of the SDK do. */
function createCrowd(call: Call) {
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const beating: Promise<void>[] = []
  const beat = async (session: number) => {
    for (;;) {
      await rest(EVERY_SECONDS * 1_000, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) return
      await call('heartbeat', { session, running: [] })
    }
  }
  return {
    join: (session: number) => void beating.push(beat(session)),
    async leave() {
      over.abort()
      await Promise.all(beating)
    },
  }
}

function callerOf(url: string, token: string, fetch: Fetch): Call {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  return async (path, body) => {
    const answer = await fetch(`${url}/executor/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

const round = (figure: number) => Number(figure.toFixed(2))
