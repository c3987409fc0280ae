import type { UseQueryResult } from '@tanstack/react-query'
import { Fragment, type ReactNode } from 'react'
import { Loading } from './DataTable.tsx'
import { ErrorPanel } from './ErrorPanel.tsx'

interface FoundProps<T> {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>
  /** Its page. Another object's begins anew. */
  readonly children: (object: T) => ReactNode
}

/** The page of the object that an address names: while it is asked for, when it is not to be had, and once it is there. */
export function Found<T extends { readonly id: number | string }>({ query, children }: FoundProps<T>) {
  const { data, error, refetch } = query
  if (data !== undefined) return <Fragment key={data.id}>{children(data)}</Fragment>
  return error === null ? <Loading /> : <ErrorPanel level={1} error={error} retry={() => void refetch()} />
}
