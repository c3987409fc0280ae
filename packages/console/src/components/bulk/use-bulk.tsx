import { useState, type ComponentType, type ReactNode } from 'react'
import { lazyPart } from '../../app/lazy-part.tsx'
import type { List, Page } from '../../app/live-list.ts'
import type { Selection } from '../DataTable.tsx'
import type { BulkAction, BulkActions as BulkActionsOf } from './BulkActions.tsx'

// The list stands before what can be done with many of its rows: that of runs is part of the first route, which is kept small.
const BulkActions = lazyPart(
  async () => (await import('./BulkActions.tsx')).BulkActions as ComponentType<object>,
) as typeof BulkActionsOf

interface BulkOptions<T> {
  readonly list: List<T>
  readonly actions: readonly BulkAction<T>[]
  readonly nameOf: (row: T) => string
  /** Pages of everything that matches the filters, as large as the API gives them. */
  readonly page: (cursor: string | undefined) => Promise<Page<T>>
}

const idOf = ({ id }: { readonly id: number }): number => id

/** Rows of a `ListPage` that can be selected, and what can be done with them. */
export function useBulk<T extends { readonly id: number }>(
  options: BulkOptions<T>,
): { selection: Selection<T> | undefined; bulk: ReactNode } {
  const { list, actions, nameOf, page } = options
  const [ids, set] = useState<ReadonlySet<number | string>>(new Set())
  const selected = list.rows.filter(({ id }) => ids.has(id))
  return {
    selection: actions.length === 0 ? undefined : { ids, set, nameOf },
    bulk: (
      <BulkActions {...{ selected, actions, idOf, nameOf, page }} onClear={() => set(new Set())} any={list.rows.length > 0} />
    ),
  }
}
