import type { Transaction } from '../../storage/database.ts'
import { TenantMap } from '../../storage/tenant-map.ts'
import { selectXxlByHand, selectXxlCallees, type XxlCallee } from '../../storage/xxl-job-session.ts'
import { placeOfToken } from '../../definition/xxl-executor.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Callee } from './client.ts'

/** A session with what calling its executor needs. */
export interface SessionCallee extends Callee {
  readonly session: number
  readonly executorId: number
  readonly appId: number
}

/** The executors of these sessions; left out is one whose token this node cannot open. */
export async function calleesOf(
  tx: Transaction,
  vault: Vault,
  sessionIds: readonly number[],
  onLocked: (session: number, message: string) => void,
): Promise<ReadonlyMap<number, SessionCallee>> {
  const callees = new Map<number, SessionCallee>()
  for (const row of await selectXxlCallees(tx, sessionIds)) {
    const opened = vault.open({ ...placeOfToken(row.tenantId, row.executorId), ...row })
    if (opened.kind === 'VALUE') callees.set(row.id, calleeOf(row, opened.value))
    else onLocked(row.id, opened.message)
  }
  return callees
}

/** Those that people registered, whether they have a session yet or not; a text says why its token cannot be shown. */
export async function calleesByHand(
  tx: Transaction,
  vault: Vault,
  executors: readonly { readonly tenantId: number; readonly executorId: number }[],
): Promise<(Callee | string)[]> {
  const rows = TenantMap.of(await selectXxlByHand(tx, executors), (row) => row.executorId)
  return executors.map(({ tenantId, executorId }) => {
    const row = rows.get(tenantId, executorId)
    if (!row) return 'It has no token.'
    const opened = vault.open({ ...placeOfToken(tenantId, executorId), ...row })
    return opened.kind === 'VALUE'
      ? { tenantId, address: row.address, dialect: row.dialect, app: row.app, token: opened.value }
      : opened.message
  })
}

const calleeOf = ({ id, tenantId, executorId, appId, address, app, dialect }: XxlCallee, token: string): SessionCallee => ({
  ...{ session: id, tenantId, executorId, appId },
  ...{ address, dialect, app, token },
})
