import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/** No fault at all: what the checks say of a system that is left in peace. `count` fires are waited for. */
export const disturbNothing: Scenario = {
  id: 'F00',
  title: 'no fault',
  counts: { short: 100, full: 1_000 },
  play: (theatre, count) => untilMore(theatre, { fires: count }),
  demands: (count) => ({ events: {}, fires: count, accepted: 20, acknowledged: 4, figures: {} }),
}
