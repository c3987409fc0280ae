import { setTimeout as pause } from 'node:timers/promises'
import { EngineAway } from './engine-connection.ts'

export interface Patience {
  /** For how long an engine may be away before it is given up. */
  readonly awayMs: number
  /** Between two calls. */
  readonly restMs: number
  /** How long a container that was told to stop, and whose time for it is over, may take to end. */
  readonly stopMs: number
}

export const PATIENCE: Patience = { awayMs: 120_000, restMs: 1_000, stopMs: 2_000 }

/**
 * Repeats what broke off: an engine that restarts, or a proxy that cuts long answers, ends no container. `work` calls `alive` whenever it hears
 * something, which starts the wait anew.
 */
export async function persistently<T>(
  { awayMs, restMs }: Patience,
  signal: AbortSignal,
  work: (alive: () => void) => Promise<T>,
): Promise<T> {
  let heard = performance.now()
  for (;;) {
    try {
      return await work(() => (heard = performance.now()))
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof EngineAway) || performance.now() - heard > awayMs) throw error
    }
    await pause(restMs, undefined, { signal })
  }
}
