import type { History } from '../record/history.ts'
import { groupBy } from './group.ts'
import { verdict, type Verdict } from './verdict.ts'

/** Downstream tasks: each run that should be followed is followed once, and nothing else is. */
export function checkChains({ dump, promised }: History): Verdict {
  const leading = new Set(promised.tasks.filter((task) => task.leads).map((task) => `${task.tenantId}:${task.id}`))
  const followers = groupBy(
    dump.runs.filter((run) => run.origin === 'UPSTREAM'),
    (run) => `${run.tenantId}:${run.parentRunId}`,
  )
  const parents = dump.runs.filter((run) => leading.has(`${run.tenantId}:${run.taskId}`) && !run.live)
  const problems = parents.flatMap((run) => {
    const count = followers.get(`${run.tenantId}:${run.id}`)?.length ?? 0
    const expected = run.state === 'SUCCESS' ? 1 : 0
    return count === expected ? [] : [`run ${run.tenantId}:${run.id} ended as ${run.state} and was followed ${count} times`]
  })
  return verdict('Chains', problems, { parents: parents.length }, leading.size > 0 ? { parents: 1 } : {})
}
