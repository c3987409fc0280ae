import type { ExecutorUpdate } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { findTokenHolder } from '../storage/api-token.ts'
import type { Vault } from '../vault/vault.ts'
import { keepXxlByHand } from '../storage/xxl-job-session.ts'
import type { Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import { hashToken } from './token.ts'

/** They say nothing of it, and queue what they cannot run at once. */
export const XXL_CAPACITY = 1_000

/** What the token of an executor is bound to under its seal: put into another executor's row it does not open. */
export const placeOfToken = (tenantId: number, executorId: number) => ({
  tenantId,
  name: `xxl-job executor ${executorId}`,
  valueVersion: 1,
})

/** Where such an executor is asked how it is; it compares the path as text. */
export const beatUrlOf = (address: string): string => `${address.replace(/\/+$/, '')}/beat`

/** The token under which it will call back: one that is not good for that would have all its work done and none of it known. */
export async function tokenOfApp({ tx, tenantId }: Edit, app: { id: number; code: string }, token: string): Promise<number> {
  const holder = await findTokenHolder(tx, hashToken(token))
  const isGood = holder?.tenantId === tenantId && holder.role === 'executor' && (holder.appId ?? app.id) === app.id
  if (isGood) return holder.tokenId
  throw invalid(
    '/body/callToken',
    `is no token of the role executor for the app ${app.code}, and it calls back with this one: carillon token create <name> --role executor --app ${app.code}`,
  )
}

/** Keeps it sealed: it has to be shown to the executor. */
export async function keepToken(
  { tx, tenantId }: Edit,
  vault: Vault,
  executorId: number,
  token: { readonly id: number; readonly secret: string },
): Promise<void> {
  const sealed = await vault.seal(tx, placeOfToken(tenantId, executorId), token.secret)
  await keepXxlByHand(tx, { tenantId, executorId, tokenId: token.id, ...sealed })
}

/** What there is to say of others, and not of one that speaks the protocol of xxl-job. */
export function assertXxlUpdate(body: ExecutorUpdate, isMoved: boolean): void {
  for (const field of ['handlers', 'healthUrl', 'perCall'] as const)
    if (body[field] !== undefined) throw invalid(`/body/${field}`, 'is given by the protocol of xxl-job')
  if (body.callToken === null) throw invalid('/body/callToken', 'is needed: the protocol of xxl-job has no calls without a token')
  // Who may move an executor is not thereby told its token.
  if (isMoved && body.callToken === undefined)
    throw new CarillonError(
      'VALIDATION_FAILED',
      'At another address it is shown a token only if you know it: give callToken too.',
      {
        problems: [{ path: '/body/callToken', message: 'is needed with a new address' }],
      },
    )
}
