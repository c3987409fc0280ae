import { createExecutor, defineHandler, type Executor } from '@carillon/executor'
import { inject } from 'vitest'
import { api } from './console.ts'
import type { Stage } from './stage.ts'

/** Handlers that do what their parameters say: what a journey needs, in a real executor. */
const steps = defineHandler({
  name: 'step',
  run: async ({ params, attempt, log, signal, progress }) => {
    const { fail = 0, lines = 0, everyMs = 0, holdMs = 0 } = params as Readonly<Record<string, number>>
    const { say } = params as { readonly say?: string }
    log.info(`begins, attempt ${attempt}`)
    if (say !== undefined) {
      log.info(say)
      return { said: say }
    }
    for (let line = 1; line <= lines && !signal.aborted; line++) {
      log.info(`line ${line} of ${lines}`)
      if (everyMs > 0 && line % 25 === 0) await new Promise((resolve) => setTimeout(resolve, everyMs * 25))
    }
    if (holdMs > 0) {
      progress(40, 'holds on')
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, holdMs)
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve(null)))
      })
    }
    if (fail > 0) {
      log.warn('\u001b[33mthe rate is too high\u001b[0m')
      log.error('<b>could not load</b> the rows')
      throw Object.assign(new Error('The rows could not be loaded: the rate is too high'), { code: 'RATE_TOO_HIGH' })
    }
    return { rows: 42 }
  },
})

interface JourneysOptions {
  readonly stage?: Stage
  readonly app?: string
  readonly type?: string
  readonly capacity?: number
}

/** An app with a task type, and an executor that serves it. */
export async function startJourneys(
  instance: string,
  { stage = inject('stage'), app = 'journeys', type = 'step', capacity = 8 }: JourneysOptions = {},
): Promise<{ executor: Executor; start: () => Promise<Executor> }> {
  const client = api(undefined, stage)
  await client.apps.create({ body: { code: app } }).catch(() => undefined)
  await client.taskTypes
    .create({ body: { code: type, kind: 'handler', settings: { handler: 'step' }, app } })
    .catch(() => undefined)
  const { secret } = await client.tokens.create({ body: { name: `${instance}-token`, role: 'executor', app } })
  const start = async () => {
    const executor = createExecutor({
      server: stage.url,
      token: secret,
      app,
      instance,
      capacity,
      handlers: [steps],
    })
    await executor.start()
    return executor
  }
  return { executor: await start(), start }
}

/** Asks until it is so; the test's own time is the limit. */
export async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

export const endOf = (run: number) =>
  until(
    () => api().runs.get({ params: { run } }),
    ({ endedAt }) => endedAt !== null,
  )
