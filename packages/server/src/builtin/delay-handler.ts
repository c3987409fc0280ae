import { defineHandler } from '@carillon/executor'
import { setTimeout as sleep } from 'node:timers/promises'

/** The settings of the kind `delay`. */
interface DelaySettings {
  readonly ms: number
}

/** Progress is told a hundred times, but not more often than this. */
const LEAST_STEP_MS = 1000

/** The kind `delay`: waits, saying how far it is, and returns the parameters. Ends at once when it is stopped. */
export const delayHandler = defineHandler({
  name: 'delay',
  run: async ({ settings, params, signal, progress }) => {
    const { ms } = settings as DelaySettings
    const step = Math.max(LEAST_STEP_MS, ms / 100)
    const begun = performance.now()
    for (let waited = 0; waited < ms; waited = performance.now() - begun) {
      // A timer may end a moment early: the last per cent is said by the end alone.
      progress(Math.min(99, Math.floor((100 * waited) / ms)))
      await sleep(Math.min(step, ms - waited), undefined, { signal }).catch(() => signal.throwIfAborted())
    }
    return params
  },
})
