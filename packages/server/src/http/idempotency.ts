import { createHash } from 'node:crypto'
import { CarillonError } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { claimKeys, findAnswers, keyName, storeAnswers, type IdempotencyKey, type TenantKey } from '../storage/idempotency.ts'

/**
 * One effect for each key: the key is claimed in the transaction of the effect, so a concurrent duplicate waits for it and then reads the
 * answer that was stored with it; the same key with another request is refused.
 */
export async function once<T>(
  tx: Transaction,
  tenantId: number,
  key: IdempotencyKey | null,
  effect: () => Promise<T>,
): Promise<T> {
  if (key === null) return effect()
  const own = { tenantId, ...key }
  if ((await claimKeys(tx, [own])).size === 0) return replay<T>(tx, own)
  const answer = await effect()
  storeAnswers(tx, [{ key: own, response: answer }])
  return answer
}

async function replay<T>(tx: Transaction, key: TenantKey): Promise<T> {
  const stored = (await findAnswers<T>(tx, [key])).get(keyName(key))
  if (stored?.requestHash === key.requestHash) return stored.response as T
  throw new CarillonError(
    'IDEMPOTENCY_MISMATCH',
    'This idempotency key was used before with a different request. Use a new key for a new request.',
  )
}

/** What makes two requests the same: route, path, query and body, whatever the order of their keys. */
export function requestHash(parts: unknown): string {
  return createHash('sha256').update(canonical(parts)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, child]) => child !== undefined)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(',')}}`
}
