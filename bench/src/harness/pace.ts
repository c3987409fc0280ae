import { instant } from './clock.ts'

/**
 * Calls `act` `perSecond` times a second for `seconds`, each with the instant at which it was to be called, and does not wait for answers:
 * when something is slow the calls go on, and what waited for its turn is measured from when it was wanted, not from when it was sent.
 */
export async function pace(perSecond: number, seconds: number, act: (wantedAt: number) => Promise<unknown>): Promise<number> {
  const begun = instant()
  const count = perSecond * seconds
  const acts: Promise<unknown>[] = []
  while (acts.length < count) {
    const wantedAt = begun + (acts.length * 1000) / perSecond
    const early = wantedAt - instant()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    else acts.push(act(wantedAt))
  }
  await Promise.all(acts)
  return count
}

/** Calls `act` so many times as fast as it answers, never more than `atOnce` at a time. */
export async function inTurns(count: number, atOnce: number, act: () => Promise<unknown>): Promise<void> {
  let left = count
  const turn = async () => {
    while (left-- > 0) await act()
  }
  await Promise.all(Array.from({ length: atOnce }, turn))
}

/** Waits until an instant. */
export async function until(at: number): Promise<void> {
  for (let left = at - instant(); left > 0; left = at - instant()) await new Promise((resolve) => setTimeout(resolve, left))
}

/** Looks until it sees something; gives up after `seconds`. */
export async function seen<T>(what: string, seconds: number, look: () => Promise<T | null>): Promise<T> {
  for (const end = instant() + seconds * 1000; instant() < end; await until(instant() + LOOK_MS)) {
    const found = await look()
    if (found !== null) return found
  }
  throw new Error(`After ${seconds} s still not seen: ${what}.`)
}

const LOOK_MS = 25
