import type { Claim, ClaimAnswer, ReportAnswer, ReportItem } from '@carillon/contract'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { FILES } from '../record/history.ts'
import { openLines, type Lines } from '../record/lines.ts'
import type { Stage } from './stage.ts'

/**
 * Stands between executors and the server. Switched on, it says everything that executors say of their attempts again: three times, late,
 * in the wrong order, and with the opposite result; and once more by an executor that has just been given the next attempt of
 * the same instance. It never changes what they say first, so nothing of its own may be accepted.
 */
export interface ReportProxy {
  readonly url: string
  /** Repeats and contradicts from now on, or no longer. */
  setNoisy(noisy: boolean): void
  /** Resolves when all that it had to say has been answered. */
  silence(): Promise<void>
}

const REPORT = '/executor/v1/report'
const CLAIM = '/executor/v1/claim'
const TIMES = 3

export async function startReportProxy(stage: Stage, target: string): Promise<ReportProxy> {
  const truth = openLines(join(stage.folder, FILES.truth(NAME)))
  const agent = new Agent({ connections: 32 })
  const liar = new Liar(stage, truth, (headers, body) => post(agent, target, headers, body))
  const talking = new Set<Promise<void>>()
  let noisy = false

  const server = createServer((incoming, outgoing) => {
    void forward(agent, target, incoming, outgoing).then((passed) => {
      if (!noisy || passed === null) return
      const talk = liar.hear(incoming.url ?? '', passed).catch(() => undefined)
      talking.add(talk)
      void talk.then(() => talking.delete(talk))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stage.defer(async () => {
    server.closeAllConnections()
    server.close()
    await agent.destroy()
    truth.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setNoisy(on) {
      stage.note('noisy', { on })
      noisy = on
    },
    async silence() {
      while (talking.size > 0) await Promise.all(talking)
    },
  }
}

const NAME = 'report-proxy'

interface Passed {
  readonly headers: Record<string, string>
  readonly sent: string
  readonly answered: string
}

/** Hands a request on as it is. Null when it was not answered with success. */
async function forward(
  agent: Agent,
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Passed | null> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  try {
    const sent = await textOf(incoming)
    const headers = headersOf(incoming)
    const answer = await request(`${target}${incoming.url}`, {
      ...{ dispatcher: agent, method: 'POST', headers, body: sent, signal: gone.signal },
      headersTimeout: 90_000,
    })
    const answered = await answer.body.text()
    outgoing.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type']) }).end(answered)
    return answer.statusCode === 200 ? { headers, sent, answered } : null
  } catch {
    outgoing.destroy()
    return null
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk as string
  return text
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const { authorization = '', 'content-type': type = 'application/json', 'carillon-protocol': protocol = '1' } = headers
  return { authorization, 'content-type': type, 'carillon-protocol': String(protocol) }
}

async function post(agent: Agent, target: string, headers: Record<string, string>, body: unknown): Promise<unknown> {
  const answer = await request(`${target}${REPORT}`, { dispatcher: agent, method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.body.text()
  return answer.statusCode === 200 ? JSON.parse(text) : null
}

interface Spoken {
  readonly session: number
  readonly items: readonly ReportItem[]
}

/** Makes up reports about attempts that have ended, and writes down what is answered to them. */
class Liar {
  readonly #stage: Stage
  readonly #truth: Lines
  readonly #report: (headers: Record<string, string>, body: Spoken) => Promise<unknown>
  /** What it said of an instance whose attempt failed: to be said again to the next attempt. */
  readonly #failed = new Map<number, readonly ReportItem[]>()

  constructor(stage: Stage, truth: Lines, report: (headers: Record<string, string>, body: Spoken) => Promise<unknown>) {
    this.#stage = stage
    this.#truth = truth
    this.#report = report
  }

  async hear(url: string, { headers, sent, answered }: Passed): Promise<void> {
    if (url === REPORT) await this.#contradict(headers, JSON.parse(sent) as Spoken, JSON.parse(answered) as ReportAnswer)
    if (url === CLAIM) await this.#supersede(headers, JSON.parse(sent) as Claim, JSON.parse(answered) as ClaimAnswer)
  }

  async #contradict(
    headers: Record<string, string>,
    { session, items }: Spoken,
    { items: answers }: ReportAnswer,
  ): Promise<void> {
    const ended = items.filter((item, place) => isEnd(item) && answers[place]?.status === 'ACCEPTED')
    if (ended.length === 0) return
    for (const end of ended) if (end.kind === 'FAILURE') this.#failed.set(end.instance, liesAbout(end))
    this.#stage.note('contradict', { ends: ended.length })
    await this.#say(headers, session, ended.flatMap(liesAbout))
  }

  async #supersede(headers: Record<string, string>, { session }: Claim, { assignments }: ClaimAnswer): Promise<void> {
    for (const { instance } of assignments) {
      // Said under the session that holds the instance now, only the token tells them from the truth.
      const lies = this.#failed.get(instance)
      this.#failed.delete(instance)
      if (lies === undefined) continue
      this.#stage.note('supersede', { instance })
      await this.#say(headers, session, lies)
    }
  }

  async #say(headers: Record<string, string>, session: number, items: readonly ReportItem[]): Promise<void> {
    for (let from = 0; from < items.length; from += 500) {
      const batch = items.slice(from, from + 500)
      const answer = (await this.#report(headers, { session, items: batch })) as ReportAnswer | null
      if (answer === null) continue
      this.#truth.write(
        ...batch.map(({ kind, instance, token }, place) => ({
          ...{ at: Date.now(), executor: NAME, pid: process.pid, what: 'answered', via: NAME },
          ...{ kind, instance, token, status: answer.items[place]?.status },
        })),
      )
    }
  }
}

const isEnd = (item: ReportItem) => item.kind === 'SUCCESS' || item.kind === 'FAILURE'

/** A late start, the same end again, late progress, the opposite end, and the instance handed back. */
function liesAbout(end: ReportItem): ReportItem[] {
  const { instance, token } = end
  const failure: ReportItem = { kind: 'FAILURE', instance, token, error: { code: 'LIE', message: 'It is said too late.' } }
  const opposite: ReportItem = end.kind === 'SUCCESS' ? failure : { kind: 'SUCCESS', instance, token, output: 'a lie' }
  const once: ReportItem[] = [
    { kind: 'STARTED', instance, token },
    end,
    { kind: 'PROGRESS', instance, token, percent: 1 },
    opposite,
    { kind: 'RELEASE', instance, token },
  ]
  return Array.from({ length: TIMES }, () => once).flat()
}
