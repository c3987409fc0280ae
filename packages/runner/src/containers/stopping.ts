import { setTimeout as pause } from 'node:timers/promises'

/** Resolves when the signal is aborted; never rejects, and is forgotten when `over` is. */
export function whenAborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true, signal: over }))
}

/** Never resolves: for races that something else is to win. */
export const never = (): Promise<never> => new Promise(() => undefined)

/** Resolves after so long; never where `over` is aborted before. */
export function after(ms: number, over: AbortSignal): Promise<void> {
  return pause(ms, undefined, { signal: over }).catch(never)
}
