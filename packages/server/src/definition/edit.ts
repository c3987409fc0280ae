import type { Role } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'

/** A change of definitions under way: in which transaction, for whom, within which bounds. */
export interface Edit {
  readonly tx: Transaction
  readonly tenantId: number
  readonly principal: string
  /** What whoever changes it may do. */
  readonly role: Role
  readonly limits: { readonly paramsBytes: number; readonly schemaBytes: number }
  /** Where given: the tasks whose plans this change has made anew, so that DAGs follow once, at its end. */
  readonly replanned?: Set<number>
}

/** What a change did: the answer to whoever asked for it, and what the audit trail keeps. */
export interface Change<T> {
  readonly answer: T
  readonly object: { readonly kind: string; readonly id: number | string | null }
  readonly before: unknown
  readonly after: unknown
}
