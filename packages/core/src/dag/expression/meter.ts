import { OutOfSteps } from './stop.ts'

/**
 * What an evaluation may still spend, in steps. A step is about what it takes to evaluate one node of an expression; whatever looks at more
 * than one value (a text, a list) spends as many steps as it takes long. So time is bounded without a clock, and the same everywhere.
 */
export interface Meter {
  left: number
}

/** Steps of one evaluation: within 10 ms also where nothing is compiled to machine code yet. Enough to filter some thousand elements. */
export const MOST_STEPS = 50_000

export function spend(meter: Meter, steps: number): void {
  meter.left -= steps
  if (meter.left < 0) throw new OutOfSteps('it takes too many steps; compute it in a task')
}
