import type { Transaction } from '../../storage/database.ts'
import { selectXxlCallees, type XxlCallee } from '../../storage/xxl-job-session.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Callee } from './client.ts'

/** A session with what calling its executor needs. */
export interface SessionCallee extends Callee {
  readonly session: number
  readonly executorId: number
  readonly appId: number
}

/** What the token of an executor is bound to under its seal: put into another executor's row it does not open. */
export const placeOfToken = (tenantId: number, executorId: number) => ({
  tenantId,
  name: `xxl-job executor ${executorId}`,
  valueVersion: 1,
})

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

const calleeOf = ({ id, tenantId, executorId, appId, address, app, dialect }: XxlCallee, token: string): SessionCallee => ({
  ...{ session: id, tenantId, executorId, appId },
  ...{ address, dialect, app, token },
})
