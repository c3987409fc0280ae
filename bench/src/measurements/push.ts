import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bench, Finding, Measurement } from '../bench.ts'
import type { Carillon, Tenant } from '../harness/carillon.ts'
import { pace } from '../harness/pace.ts'
import { ratesOf } from '../harness/rounds.ts'
import { spreadOf, type Spread } from '../harness/statistics.ts'
import { endToEnd } from './carillon-end-to-end.ts'

const QUICK = { warmUp: 1_000, roundMs: 600, rounds: 1, budgetMs: 1_500 }
const FULL = { warmUp: 9_000, roundMs: 4_000, rounds: 5, budgetMs: 60_000 }

const PER_SECOND = 100
const SECONDS = 8
const STUCK_RUNS = 500

/** An executor that the server calls for each instance by itself; and whether one that never answers holds it up. */
export const push: Measurement = {
  name: 'push',
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('push', { push: true })
    const { warmUp, ...length } = bench.quick ? QUICK : FULL
    const { push: rate } = await ratesOf(bench, { push: endToEnd(bench, carillon, tenant, warmUp) }, length)
    const finding = {
      name: 'Push, one call a run, API to stored result',
      figure: `${rate}/s`,
      target: { says: '≥ 1500/s', met: rate >= 1_500 },
      note: '1 push executor, no batching of calls',
    }
    if (bench.quick) return { figures: { pushRunsPerSecond: rate }, findings: [finding] }
    const besides = await besideHanging(bench, carillon, tenant)
    return {
      figures: { pushRunsPerSecond: rate, pushTriggerToStartMs: besides.alone, pushBesideHangingMs: besides.beside },
      findings: [finding, hangingFinding(besides)],
    }
  },
}

interface Besides {
  readonly alone: Spread
  readonly beside: Spread
}

function hangingFinding({ alone, beside }: Besides): Finding {
  return {
    name: 'Push beside an executor that accepts and never answers, trigger to handler start',
    figure: `p50 ${beside.p50} ms, p99 ${beside.p99} ms`,
    // A spread of some seconds on a machine with other work: what is held up waits for seconds, not for milliseconds.
    target: { says: 'p99 as alone (up to twice, or 50 ms more)', met: beside.p99 <= Math.max(2 * alone.p99, alone.p99 + 50) },
    note: `alone p50 ${alone.p50} ms, p99 ${alone.p99} ms; ${PER_SECOND}/s`,
  }
}

async function besideHanging(bench: Bench, carillon: Carillon, tenant: Tenant): Promise<Besides> {
  await delays(tenant)
  const alone = spreadOf(await delays(tenant))
  await hang(bench, carillon, tenant)
  return { alone, beside: spreadOf(await delays(tenant)) }
}

async function delays({ client, executor }: Tenant): Promise<number[]> {
  await executor.takeDelays()
  const before = await executor.ended()
  const trigger = (wantedAt: number) => client.runs.trigger({ params: { task: 'work' }, body: { params: { wantedAt } } })
  const count = await pace(PER_SECOND, SECONDS, trigger)
  await executor.until(before + count)
  return executor.takeDelays()
}

/** A push executor of another app that takes every connection, reads what it is sent, and says nothing; with work that is given to it. */
async function hang({ atEnd }: Bench, { url }: Carillon, { client }: Tenant): Promise<void> {
  const server = createServer((request) => void request.resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  await client.apps.create({ body: { code: 'stuck' } })
  await client.taskTypes.create({ body: { code: 'stuck', kind: 'handler', app: 'stuck', settings: { handler: 'stuck' } } })
  await client.tasks.create({ body: { code: 'stuck', type: 'stuck' } })
  const { secret } = await client.tokens.create({ body: { name: 'stuck', role: 'executor', app: 'stuck' } })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = await fetch(`${url}/executor/v1/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      ...{ protocol: 1, app: 'stuck', instance: 'stuck', mode: 'PUSH', address, handlers: ['stuck'] },
      ...{ capacity: STUCK_RUNS, perCall: 1, callToken: 'a-token-that-nobody-checks' },
    }),
  })
  if (!answer.ok) throw new Error(`The executor that is to hang was not let in: ${answer.status} ${await answer.text()}`)
  await client.runs.triggerMany({ body: { items: Array.from({ length: STUCK_RUNS }, () => ({ task: 'stuck' })) } })
}
