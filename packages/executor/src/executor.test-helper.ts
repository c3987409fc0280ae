import { afterEach } from 'vitest'
import { createExecutor, type Executor, type ExecutorOptions } from './executor.ts'
import { ProtocolServer, TOKEN } from './protocol-server.test-helper.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/** A server that is closed after the test. */
export async function startServer(
  settings: Partial<Pick<ProtocolServer, 'leaseMs' | 'heartbeatMs' | 'limits'>> = {},
): Promise<ProtocolServer> {
  const server = await Object.assign(new ProtocolServer(), settings).listen()
  cleanups.push(() => server.close())
  return server
}

type Options = Partial<ExecutorOptions> & Pick<ExecutorOptions, 'handlers'>

/** An executor with short waits, not yet started, that is stopped after the test. */
export function executorOf(server: ProtocolServer, options: Options): Executor {
  const executor = createExecutor({
    server: server.url,
    token: TOKEN,
    app: 'test',
    log: quiet,
    graceMs: 20,
    flushMs: 200,
    ...options,
    tuning: {
      backOff: { firstMs: 2, mostMs: 10 },
      ...options.tuning,
      pull: { fullMs: 5, ...options.tuning?.pull },
      reports: { startedMs: 10, progressMs: 10, ...options.tuning?.reports },
      logs: { gatherMs: 5, ...options.tuning?.logs },
    },
  })
  cleanups.push(() => executor.stop())
  return executor
}

export async function startExecutor(server: ProtocolServer, options: Options): Promise<Executor> {
  const executor = executorOf(server, options)
  await executor.start()
  return executor
}

/** Something that happens once, for tests to wait for and to let happen. */
export function event<T = void>(): { readonly happened: Promise<T>; readonly happen: (value: T) => void } {
  let happen!: (value: T) => void
  const happened = new Promise<T>((resolve) => (happen = resolve))
  return { happened, happen }
}
