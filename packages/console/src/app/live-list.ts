import { useInfiniteQuery, useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { shownRows } from './live-rows.ts'
import type { Page, Topic } from './live-topics.ts'
import { useLive } from './live.ts'

export type { Page } from './live-topics.ts'

export interface ListQuery<T> {
  /** Holds every filter. */
  readonly queryKey: QueryKey
  readonly page: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>
  readonly idOf: (row: T) => number | string
  /** How often its first page is asked for where it is not watched: `BY_PEOPLE_MS` for what changes by people's hands alone. */
  readonly everyMs?: number
}

export interface List<T> {
  readonly rows: readonly T[]
  /** Rows that came since and are not shown yet, so that nothing moves under the reader. */
  readonly fresh: number
  /** Rows shown as they were read, which are no longer what is listed. */
  readonly gone: number
  readonly showFresh: () => void
  readonly hasMore: boolean
  readonly loadMore: () => void
  readonly loadingMore: boolean
  readonly pending: boolean
  readonly error: Error | null
  readonly retry: () => void
}

/**
 * A keyset-paged list, newest first, that stays where it is: rows in sight change in place; new ones show at once while the reader is at the
 * top, and are counted and shown on request otherwise. Only the first page is kept fresh (see `useLive`); what lies further back was read when it
 * was scrolled to.
 */
export function useLiveList<T>(topic: Topic<Page<T>> | null, { queryKey, page, idOf, everyMs }: ListQuery<T>): List<T> {
  const client = useQueryClient()
  const pagesKey = [...queryKey, 'pages']
  const pages = useInfiniteQuery({
    queryKey: pagesKey,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    // What is new comes by the head below; asking for all pages again would cost as much as was scrolled.
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 60_000,
  })
  const first = pages.data?.pages[0]
  const head = useLive(topic, {
    queryKey: [...queryKey, 'head'],
    queryFn: ({ signal }) => page(undefined, signal),
    enabled: pages.isSuccess,
    ...(everyMs === undefined ? {} : { everyMs }),
    // Just read: it need not be asked for a second time.
    ...(first === undefined ? {} : { known: { data: first, at: pages.dataUpdatedAt } }),
  })
  const latest = head.isPlaceholderData ? undefined : head.data

  const { rows, fresh, gone } = useMemo(() => {
    const known = pages.data?.pages.flatMap(({ items }) => items) ?? []
    return shownRows(known, latest, idOf)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `idOf` means the same every time.
  }, [pages.data, latest])

  const showFresh = () => {
    if (latest === undefined) return
    client.setQueryData<InfiniteData<Page<T>, string | undefined>>(pagesKey, { pages: [latest], pageParams: [undefined] })
  }
  const onePage = pages.data?.pages.length === 1
  useEffect(() => {
    if (fresh + gone > 0 && onePage && window.scrollY < 8) showFresh()
  })

  return {
    rows,
    fresh,
    gone,
    showFresh: () => {
      showFresh()
      window.scrollTo({ top: 0 })
    },
    hasMore: pages.hasNextPage,
    // A table drawn again before it knows that more is under way asks for it again.
    loadMore: () => void pages.fetchNextPage({ cancelRefetch: false }),
    loadingMore: pages.isFetchingNextPage,
    pending: pages.isPending,
    error: pages.error,
    retry: () => void pages.refetch(),
  }
}
