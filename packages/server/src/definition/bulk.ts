import { CarillonError, type ErrorCode } from '@carillon/core'
import { inSavepoint } from '../storage/savepoint.ts'
import type { Change, Edit } from './edit.ts'

export interface ItemResult {
  readonly ref: string
  readonly ok: boolean
  readonly code?: ErrorCode
  readonly detail?: string
}

export interface BulkResult {
  readonly items: ItemResult[]
  readonly succeeded: number
  readonly failed: number
}

/**
 * The same change of many objects, in one transaction with one audit entry. Each is answered by itself, in the order of the request: a
 * refused one leaves nothing behind and does not stop the others.
 */
export async function bulk(
  edit: Edit,
  kind: string,
  request: Readonly<Record<string, unknown>>,
  refs: readonly (string | number)[],
  one: (ref: string) => Promise<unknown>,
): Promise<Change<BulkResult>> {
  const results = new Map<string, ItemResult>()
  // In one order for everyone, whatever the request's: two bulks over the same objects then queue up instead of blocking each other.
  for (const ref of refs.map(String).toSorted()) results.set(ref, await attempt(edit, ref, one))
  const answer = bulkResult(refs.map((ref) => results.get(String(ref))!))
  return { answer, object: { kind, id: null }, before: null, after: { ...request, items: answer.items } }
}

export function bulkResult<Item extends { readonly ok: boolean }>(
  items: Item[],
): { items: Item[]; succeeded: number; failed: number } {
  const succeeded = items.filter((item) => item.ok).length
  return { items, succeeded, failed: items.length - succeeded }
}

async function attempt(edit: Edit, ref: string, one: (ref: string) => Promise<unknown>): Promise<ItemResult> {
  try {
    await inSavepoint(edit.tx, () => one(ref))
    return { ref, ok: true }
  } catch (error) {
    if (error instanceof CarillonError) return { ref, ok: false, code: error.code, detail: error.message }
    throw error
  }
}
