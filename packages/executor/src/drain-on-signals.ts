import type { Executor } from './executor.ts'
import { stderrLog } from './executor-log.ts'

/**
 * Drains the executor when the process is asked to end; asked a second time, it stops at once. The process then ends by itself if nothing
 * else holds it. Returns a function that takes the listeners off again.
 */
export function drainOnSignals(executor: Executor, signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']): () => void {
  let asked = false
  const leave = (signal: NodeJS.Signals) => {
    stderrLog.info(asked ? `${signal} again: stopping` : `${signal}: draining; send it again to stop at once`)
    const left = asked ? executor.stop() : executor.drain()
    asked = true
    left.then(off, (error: unknown) => stderrLog.error(`Could not leave in peace: ${String(error)}`))
  }
  const off = () => signals.forEach((signal) => process.off(signal, leave))
  signals.forEach((signal) => process.on(signal, leave))
  return off
}
