import type { ReactNode } from 'react'
import type { List } from '../app/live-list.ts'
import { useSetSearch } from '../app/set-search.ts'
import { DataTable, type Column, type Selection } from './DataTable.tsx'
import { FilterBar, type Filter, type Filters } from './FilterBar.tsx'
import { PageHeader } from './PageHeader.tsx'

interface ListPageProps<T> {
  readonly title: string
  readonly hint?: string
  /** Its button, for those who may. */
  readonly action?: ReactNode
  readonly filters: readonly Filter[]
  /** All that narrows the list, as it stands in the address. */
  readonly values: Filters
  readonly list: List<T>
  readonly idOf: (row: T) => number | string
  readonly columns: readonly Column<T>[]
  readonly selection?: Selection<T> | undefined
  /** What can be done with the selected rows. */
  readonly bulk?: ReactNode
  /** Instead of the table: nothing is there at all. */
  readonly none: ReactNode
  /** Something is there, but nothing that the filters let through. */
  readonly noMatch: ReactNode
  /** Its dialogs. */
  readonly children?: ReactNode
}

/** The page of all objects of a kind: filters that stand in the address, and the table of what they let through. */
export function ListPage<T>({ title, hint, action, filters, values, bulk, none, noMatch, children, ...table }: ListPageProps<T>) {
  const setSearch = useSetSearch()
  const { selection, ...rest } = table
  const filtered = Object.values(values).some((value) => value !== undefined)
  return (
    <>
      <PageHeader title={title} {...(hint === undefined ? {} : { hint })}>
        {action}
      </PageHeader>
      <FilterBar filters={filters} values={values} onChange={setSearch} />
      {bulk}
      <DataTable<T> label={title} {...rest} {...(selection ? { selection } : {})} empty={filtered ? noMatch : none} />
      {children}
    </>
  )
}
