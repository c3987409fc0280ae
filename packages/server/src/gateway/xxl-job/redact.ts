import { createRedactor } from '@carillon/executor'
import type { Engine } from '../../lifecycle/engine.ts'
import { secretNamesOf } from '../../lifecycle/with-secrets.ts'
import type { Transaction } from '../../storage/database.ts'
import type { InstanceKey } from '../../storage/instance.ts'
import { TenantMap } from '../../storage/tenant-map.ts'
import { selectXxlWork } from '../../storage/xxl-job-attempt.ts'

/** Takes the values of an instance's secrets out of a text. */
export type Redact = (instance: InstanceKey, text: string) => string

/**
 * Our SDKs mask the secrets of an attempt in all that leaves them. These executors know of none, and write their parameters into their logs:
 * what they say is masked as it comes in. With the values of now: those that were given out and have been rotated since are not known any more.
 */
export async function redactFor(tx: Transaction, engine: Engine, instances: readonly InstanceKey[]): Promise<Redact> {
  const works = await selectXxlWork(tx, instances)
  const planOf = await engine.plans.load(tx, works)
  const referring = works.flatMap((work) => {
    const names = secretNamesOf(planOf(work).nodes[work.node]!)
    return names.length === 0 ? [] : [{ ...work, names }]
  })
  if (referring.length === 0) return (_, text) => text
  const find = await engine.secrets.load(
    tx,
    referring.flatMap(({ tenantId, names }) => names.map((name) => ({ tenantId, name }))),
  )
  const redactors = TenantMap.of(
    referring.map(({ tenantId, id, names }) => {
      const values = names.flatMap((name) => {
        const opened = find({ tenantId, name })?.opened
        return opened?.kind === 'VALUE' ? [opened.value] : []
      })
      return { tenantId, id, redactor: createRedactor(values) }
    }),
    ({ id }) => id,
  )
  return ({ tenantId, id }, text) => redactors.get(tenantId, id)?.redactor?.text(text) ?? text
}
