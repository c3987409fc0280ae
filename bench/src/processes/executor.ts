import { createExecutor, defineHandler, type Executor } from '@carillon/executor'
import { serve } from '../harness/child.ts'
import { instant } from '../harness/clock.ts'

/** An executor, whose handler does next to nothing: it notes how long ago its run was wanted, where the parameters say when. */
interface Serving {
  readonly executor: Executor
  readonly delays: number[]
}
/** By tenant. They share a process, so that the later ones find their code compiled, as those of a service in use. */
const serving = new Map<string, Serving>()

const of = (tenant: string): Serving => {
  const found = serving.get(tenant)
  if (!found) throw new Error(`The executor of ${tenant} has not been started.`)
  return found
}

const workNoting = (delays: number[]) =>
  defineHandler({
    name: 'work',
    run: ({ params }) => {
      const { wantedAt, n } = params as { wantedAt?: number; n?: number }
      if (wantedAt !== undefined) delays.push(instant() - wantedAt)
      return { ok: true, n: n ?? 0 }
    },
  })

const LOOK_MS = 2

interface Start {
  readonly tenant: string
  readonly server: string
  readonly token: string
  readonly app: string
  readonly capacity: number
  readonly push: boolean
}

const calls = {
  async start({ tenant, push, ...options }: Start) {
    const called = push ? ({ mode: 'push', listen: { port: 0 }, perCall: 1 } as const) : {}
    const delays: number[] = []
    const executor = createExecutor({ ...options, ...called, handlers: [workNoting(delays)] })
    await executor.start()
    serving.set(tenant, { executor, delays })
  },
  /** When so many instances have ended since the start and the server has answered their results. */
  async until({ tenant, ended }: { tenant: string; ended: number }) {
    const { executor } = of(tenant)
    const isDone = ({ succeeded, failed, held }: Executor['stats']) => succeeded + failed >= ended && held === 0
    while (!isDone(executor.stats)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    return { at: instant() }
  },
  ended: ({ tenant }: { tenant: string }) => {
    const { succeeded, failed } = of(tenant).executor.stats
    return succeeded + failed
  },
  takeDelays: ({ tenant }: { tenant: string }) => of(tenant).delays.splice(0),
}

export type ExecutorCalls = typeof calls

serve(calls)
