import type { Bench } from '../bench.ts'
import { median } from './statistics.ts'

/** Something whose rate is measured beside others. */
export interface Contestant {
  /** Pieces of work after which it has reached its speed: its code is compiled, its connections stand. */
  readonly warmUp: number
  /** Where a round of fewer pieces tells nothing. */
  readonly least?: number
  /** Does `count` pieces of work from beginning to end; answers how long that took, in milliseconds, without its set-up. */
  round(count: number): Promise<number>
}

export interface Rounds {
  /** A round has as many pieces of work as should take this long. */
  readonly roundMs: number
  readonly rounds: number
  /** No round begins after this time, once one has counted: on a busy machine an answer in time is worth more than a median of many. */
  readonly budgetMs: number
}

const LEAST = 200

/**
 * Rates in pieces of work a second, of contestants that take turns: a neighbour that takes the machine for a while then hits all of them.
 * A first round warms up and does not count; of the others the median does.
 */
export async function ratesOf<Name extends string>(
  { postgres, progress }: Bench,
  contestants: Readonly<Record<Name, Contestant>>,
  { roundMs, rounds, budgetMs }: Rounds,
): Promise<Record<Name, number>> {
  const names = Object.keys(contestants) as Name[]
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  const run = async (name: Name, count: number) => {
    await postgres.settle()
    return (count * 1000) / (await contestants[name].round(count))
  }
  const counts = Object.fromEntries(names.map((name) => [name, contestants[name].warmUp])) as Record<Name, number>
  const end = performance.now() + budgetMs
  for (let round = 0; round <= 1 || (round <= rounds && performance.now() < end); round++) {
    for (const name of names) {
      const count = counts[name]
      const rate = await run(name, count)
      progress(
        `  ${name}: ${count} in ${Math.round((count * 1000) / rate)} ms, ${Math.round(rate)}/s${round === 0 ? ' (warm-up)' : ''}`,
      )
      if (round > 0) rates[name].push(rate)
      counts[name] = Math.max(contestants[name].least ?? LEAST, Math.round((rate * roundMs) / 1000))
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round(median(rates[name]))])) as Record<Name, number>
}
