import type { History } from '../record/history.ts'
import { verdict, type Verdict } from './verdict.ts'

/** A schedule that goes on has decided everything up to a moment ago. */
const UNDECIDED_MS = 10_000

/** C10. After the faults have ended everything ends: no live run, nothing on its way, no schedule that stands still. */
export function checkLiveness({ dump }: History): Verdict {
  const live = dump.runs.filter((run) => run.live)
  const problems = [
    ...live.map((run) => `run ${run.tenantId}:${run.id} is still ${run.state}${run.admitted ? '' : ' and waits for a slot'}`),
    ...dump.instances.filter((instance) => instance.live).map(({ id, state }) => `instance ${id} is still ${state}`),
    ...(dump.outbox > 0 ? [`${dump.outbox} entries wait in the outbox`] : []),
    ...(dump.scheduleWakes > 0 ? [`${dump.scheduleWakes} ended runs have not woken their schedule`] : []),
    ...dump.dues
      .filter(({ nextFireAt }) => nextFireAt === null || nextFireAt < dump.at - UNDECIDED_MS)
      .map(({ tenantId, scheduleId, nextFireAt }) => `schedule ${tenantId}:${scheduleId} stands still at ${nextFireAt}`),
  ]
  return verdict('C10 liveness', problems, { runs: dump.runs.length }, { runs: 1 })
}
