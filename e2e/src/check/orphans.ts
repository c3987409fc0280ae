import type { History } from '../record/history.ts'
import { verdict, type Verdict } from './verdict.ts'

/** Rows hang together: whatever one table says of another is there, and stands in one place only. */
export function checkOrphans({ dump }: History): Verdict {
  const runs = new Map(dump.runs.map((run) => [`${run.tenantId}:${run.id}`, run]))
  const instances = new Map(dump.instances.map((instance) => [`${instance.tenantId}:${instance.id}`, instance]))
  const problems = [
    ...twice(dump.runs, 'run'),
    ...twice(dump.instances, 'instance'),
    ...dump.instances
      .filter(({ tenantId, runId, live }) => runs.get(`${tenantId}:${runId}`)?.live !== live)
      .map(({ tenantId, id }) => `instance ${tenantId}:${id} stands elsewhere than its run, or has none`),
    ...dump.runs
      .filter(({ tenantId, id, instances: count }) => count > 0 && !instances.has(`${tenantId}:${id}`))
      .map(({ tenantId, id }) => `run ${tenantId}:${id} has no instance`),
    ...dump.fires
      .filter(({ tenantId, runId }) => runId !== null && !runs.has(`${tenantId}:${runId}`))
      .map(({ tenantId, runId }) => `the ledger names run ${tenantId}:${runId}, which does not exist`),
    ...dump.attempts
      .filter(({ tenantId, instanceId }) => !instances.has(`${tenantId}:${instanceId}`))
      .map(({ tenantId, instanceId }) => `an attempt names instance ${tenantId}:${instanceId}, which does not exist`),
    ...dump.runs
      .filter(({ tenantId, parentRunId }) => parentRunId !== null && !runs.has(`${tenantId}:${parentRunId}`))
      .map(({ tenantId, id }) => `run ${tenantId}:${id} followed a run that does not exist`),
    ...dump.keys.filter(({ answered }) => !answered).map(({ key }) => `the idempotency key ${key} has no answer`),
  ]
  return verdict('Orphans', problems, { runs: dump.runs.length, instances: dump.instances.length }, { runs: 1 })
}

function twice(rows: readonly { readonly tenantId: number; readonly id: number }[], what: string): string[] {
  const seen = new Set<string>()
  return rows.flatMap(({ tenantId, id }) => {
    const name = `${tenantId}:${id}`
    if (seen.has(name)) return [`${what} ${name} stands in two places`]
    seen.add(name)
    return []
  })
}
