import type { Assignment } from '@carillon/contract'
import type { SessionRow } from '../storage/executor-session.ts'
import type { Engine } from './engine.ts'
import { reserve, type ClaimRequest, type Reserved } from './reserve.ts'
import type { Turn } from './take-pending.ts'
import { withSecrets } from './with-secrets.ts'

export interface Claimed extends Omit<Reserved, 'given'> {
  readonly assignments: readonly Assignment[]
}

/** Gives PENDING instances to a session, with their secrets: see `reserve`. */
export async function claimInstances(
  engine: Engine,
  turn: Turn,
  request: ClaimRequest,
  expected: SessionRow | null = null,
): Promise<Claimed> {
  return claimedOf(engine, await reserve(engine, turn, request, expected))
}

/** Secrets are opened after the commit, and stand in no row. */
export async function claimedOf(engine: Engine, { given, ...reserved }: Reserved): Promise<Claimed> {
  const { id, tenantId, appId } = reserved.session
  return { ...reserved, assignments: await withSecrets(engine, { id, appTenantId: tenantId, appId }, given) }
}
