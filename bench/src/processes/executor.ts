import { createExecutor, defineHandler, type Executor } from '@carillon/executor'
import { serve } from '../harness/child.ts'
import { instant } from '../harness/clock.ts'

/** An executor whose handler does next to nothing: it notes how long ago its run was wanted, where the parameters say when. */
const delays: number[] = []
let executor: Executor | undefined

const work = defineHandler({
  name: 'work',
  run: ({ params }) => {
    const { wantedAt, n } = params as { wantedAt?: number; n?: number }
    if (wantedAt !== undefined) delays.push(instant() - wantedAt)
    return { ok: true, n: n ?? 0 }
  },
})

const LOOK_MS = 2

const calls = {
  async start({ push, ...options }: { server: string; token: string; app: string; capacity: number; push: boolean }) {
    const called = push ? ({ mode: 'push', listen: { port: 0 }, perCall: 1 } as const) : {}
    executor = createExecutor({ ...options, ...called, handlers: [work] })
    await executor.start()
  },
  /** When so many instances have ended since the start and the server has answered their results. */
  async until({ ended }: { ended: number }) {
    const done = () => executor!.stats.succeeded + executor!.stats.failed >= ended && executor!.stats.held === 0
    while (!done()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    return { at: instant(), failed: executor!.stats.failed }
  },
  ended: () => executor!.stats.succeeded + executor!.stats.failed,
  stats: () => ({ ...executor!.stats }),
  takeDelays: () => delays.splice(0),
}

export type ExecutorCalls = typeof calls

serve(calls)
