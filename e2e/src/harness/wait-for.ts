import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  /** How long it may take, generously: a busy machine must not fail a run. Default 60,000. */
  readonly withinMs?: number
  readonly everyMs?: number
}

/**
 * Waits until the probe answers something, looking again and again. A probe that throws (the database is just being killed) has not
 * answered yet. Throws when the time is over, with what the probe said last.
 *
 * @example
 * await waitFor('the lease to end', () => sessionEnded(id))
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { withinMs = 60_000, everyMs = 50 }: Patience = {},
): Promise<T> {
  const until = performance.now() + withinMs
  let last: unknown = 'it did not happen'
  for (;;) {
    try {
      const answer = await probe()
      if (answer !== null && answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error
    }
    if (performance.now() > until) throw new Error(`Waited ${withinMs} ms for ${what}: ${String(last)}`)
    await pause(everyMs)
  }
}
