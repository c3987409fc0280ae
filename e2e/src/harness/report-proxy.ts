import type { ReportAnswer, ReportItem } from '@carillon/contract'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { FILES } from '../record/history.ts'
import { openLines, type Lines } from '../record/lines.ts'
import type { Stage } from './stage.ts'

/**
 * Stands between executors and the server. Switched on, it says everything that executors say of their attempts again: three times, late,
 * in the wrong order, and with the opposite result. It never changes what they say first, so nothing of its own may be accepted.
 */
export interface ReportProxy {
  readonly url: string
  /** Repeats and contradicts from now on, or no longer. */
  setNoisy(noisy: boolean): void
  /** Resolves when all that it had to say has been answered. */
  silence(): Promise<void>
}

const REPORT = '/executor/v1/report'
const TIMES = 3
/** Long enough that the next attempt may hold the instance by then. */
const LATE_MS = 150

interface Spoken {
  readonly session: number
  readonly items: readonly ReportItem[]
}

export async function startReportProxy(stage: Stage, target: string): Promise<ReportProxy> {
  const name = 'report-proxy'
  const truth = openLines(join(stage.folder, FILES.truth(name)))
  const agent = new Agent({ connections: 32 })
  const talking = new Set<Promise<void>>()
  let noisy = false

  const server = createServer((incoming, outgoing) => {
    void forward(agent, target, incoming, outgoing).then((passed) => {
      if (!noisy || passed === null || incoming.url !== REPORT) return
      const talk = contradict({ stage, agent, target, truth, name, passed }).catch(() => undefined)
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

interface Talk {
  readonly stage: Stage
  readonly agent: Agent
  readonly target: string
  readonly truth: Lines
  readonly name: string
  readonly passed: Passed
}

/** At once and again later: everything once more, and for each accepted end a start, progress and the opposite end. */
async function contradict(talk: Talk): Promise<void> {
  const { session, items } = JSON.parse(talk.passed.sent) as Spoken
  const { items: answers } = JSON.parse(talk.passed.answered) as ReportAnswer
  const ended = items.filter((item, place) => isEnd(item) && answers[place]?.status === 'ACCEPTED')
  if (ended.length === 0) return
  const lies = ended.flatMap(contradictionsOf)
  talk.stage.note('contradict', { ends: ended.length })
  await say(talk, session, lies)
  await new Promise((resolve) => setTimeout(resolve, LATE_MS))
  await say(talk, session, lies)
}

const isEnd = (item: ReportItem) => item.kind === 'SUCCESS' || item.kind === 'FAILURE'

function contradictionsOf(end: ReportItem): ReportItem[] {
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

async function say({ agent, target, truth, name, passed }: Talk, session: number, items: readonly ReportItem[]): Promise<void> {
  for (let from = 0; from < items.length; from += 500) {
    const batch = items.slice(from, from + 500)
    const answer = await request(`${target}${REPORT}`, {
      ...{ dispatcher: agent, method: 'POST', headers: passed.headers, body: JSON.stringify({ session, items: batch }) },
    })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) continue
    const { items: answers } = JSON.parse(text) as ReportAnswer
    truth.write(
      ...batch.map(({ kind, instance, token }, place) => ({
        ...{ at: Date.now(), executor: name, pid: process.pid, what: 'answered', via: name },
        ...{ kind, instance, token, status: answers[place]?.status },
      })),
    )
  }
}
