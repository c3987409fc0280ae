// A test executor as a process: the SDK as users have it, and a truth file. It hosts one executor for each app that it is told of.
import type { Assignment } from '@carillon/contract'
import { createExecutor, defineHandler, httpConnection, type Connection, type HandlerContext } from '@carillon/executor'
import { setTimeout as work } from 'node:timers/promises'
import { openLines } from '../record/lines.ts'
import { endWithParent, sayReady } from './end-with-parent.ts'
import { meansEnded, type ExecutorSetup } from './executor-setup.ts'

const setup = JSON.parse(process.env.E2E_EXECUTOR ?? '') as ExecutorSetup
const truth = openLines(setup.truthFile, { sync: true })
const common = () => ({ at: Date.now(), executor: setup.name, pid: process.pid })

/** Handlers are not told their token, so it is remembered from the assignment. */
const tokens = new Map<string, number>()
const attemptName = ({ instance, attempt }: { instance: number; attempt: number }) => `${instance}:${attempt}`

interface WorkParams {
  /** How long it takes. */
  readonly ms: number
  /** It throws in so many first attempts. */
  readonly failures?: number
}

async function perform(context: HandlerContext): Promise<unknown> {
  const { tenant, run, instance, attempt, task, fireAt, signal } = context
  const { ms, failures = 0 } = context.params as WorkParams
  const record = (what: string) =>
    truth.write({ ...common(), what, tenant, run, instance, token: tokens.get(attemptName(context)), attempt, task, fireAt })
  record('start')
  try {
    await work(ms, undefined, { signal })
  } catch (error) {
    record('aborted')
    throw error
  }
  if (attempt <= failures) {
    record('throw')
    throw new Error('As it was told to')
  }
  record('effect')
  record('finish')
  return { attempt }
}

/** Writes down what the server gives and answers. A deaf one does not hear that its session has ended: a zombie that goes on reporting. */
function witnessed(connection: Connection): Connection {
  const granted = ({ instance, token, run, attempt }: Assignment, session: number) => {
    tokens.set(attemptName({ instance, attempt }), token)
    return { ...common(), what: 'granted', instance, token, run, attempt, session }
  }
  return {
    ...connection,
    async claim(body, signal) {
      const answer = await connection.claim(body, signal)
      truth.write(...answer.assignments.map((assignment) => granted(assignment, body.session)))
      return answer
    },
    async report(body) {
      const answer = await connection.report(body)
      truth.write(
        ...body.items.map(({ kind, instance, token }, place) => ({
          ...common(),
          ...{ what: 'answered', kind, instance, token, status: answer.items[place]?.status },
        })),
      )
      return answer
    },
    async heartbeat(body) {
      try {
        return await connection.heartbeat(body)
      } catch (error) {
        throw setup.deaf && meansEnded(error) ? new Error('It does not hear that') : error
      }
    },
  }
}

endWithParent()
const executors = setup.apps.map(({ app, token, capacity }) =>
  createExecutor({
    app,
    connection: witnessed(httpConnection({ server: setup.server, token, timeoutMs: 2_000 })),
    instance: setup.name,
    capacity,
    handlers: [defineHandler({ name: 'work', run: perform })],
    tuning: { backOff: { firstMs: 50, mostMs: 500 }, pull: { waitMs: 2_000 } },
  }),
)
await Promise.all(executors.map((executor) => executor.start()))
process.once('SIGTERM', () => void Promise.all(executors.map((executor) => executor.drain())).then(() => process.exit(0)))
sayReady({})
