import { waitFor } from '../harness/wait-for.ts'
import { truthOf } from './at-work.ts'
import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/** Everything that executors report is said again: thrice, late, out of order, and with the opposite result. */
export const contradictReports: Scenario = {
  id: 'F18',
  title: 'reports duplicated, late, reordered and contradicted',
  counts: { short: 300, full: 10_000 },
  async play(theatre, count) {
    const { reports, stage } = theatre
    await untilMore(theatre, { fires: 20, ended: 20 })
    reports.setNoisy(true)
    const madeUp = () => truthOf(theatre, 'report-proxy').length
    await waitFor(`${count} reports that nobody made`, () => madeUp() >= count, { withinMs: 60_000 + count * 50, everyMs: 250 })
    // Some of them must have been about an attempt whose instance runs again at that moment, under the next token.
    await waitFor('late reports of superseded attempts', () => stage.noted('supersede') >= SUPERSEDED)
    reports.setNoisy(false)
    await reports.silence()
    await untilMore(theatre, { ended: 20 })
  },
  demands: () => ({
    events: { noisy: 2, supersede: SUPERSEDED },
    fires: 20,
    accepted: 20,
    acknowledged: 0,
    figures: {},
  }),
}

const SUPERSEDED = 3
