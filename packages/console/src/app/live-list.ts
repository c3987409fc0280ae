import { useInfiniteQuery, useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { useLive, type Topic } from './live.ts'

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface ListQuery<T> {
  /** Holds every filter. */
  readonly queryKey: QueryKey
  readonly page: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>
  readonly idOf: (row: T) => number | string
  /** false: asked once, for what changes by people's hands alone. */
  readonly live?: boolean
}

export interface List<T> {
  readonly rows: readonly T[]
  /** Rows that came since and are not shown yet, so that nothing moves under the reader. */
  readonly fresh: number
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
 * top, and are counted and shown on request otherwise. Only the first page is asked for again; what lies further back was read when it was
 * scrolled to.
 */
export function useLiveList<T>(topic: Topic, { queryKey, page, idOf, live = true }: ListQuery<T>): List<T> {
  const client = useQueryClient()
  const pagesKey = [...queryKey, 'pages']
  const pages = useInfiniteQuery({
    queryKey: pagesKey,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    // What is new comes by the head below; asking for all pages again would cost as much as was scrolled.
    refetchOnWindowFocus: false,
    staleTime: live ? Infinity : 1_000,
    gcTime: 60_000,
  })
  const head = useLive(topic, {
    queryKey: [...queryKey, 'head'],
    queryFn: ({ signal }) => page(undefined, signal),
    enabled: live && pages.isSuccess,
  })
  const latest = live && !head.isPlaceholderData ? head.data : undefined

  const { rows, fresh } = useMemo(() => {
    const known = pages.data?.pages.flatMap(({ items }) => items) ?? []
    const ids = new Set(known.map(idOf))
    const byId = new Map((latest?.items ?? []).map((row) => [idOf(row), row]))
    return {
      rows: known.map((row) => byId.get(idOf(row)) ?? row),
      fresh: [...byId.keys()].filter((id) => !ids.has(id)).length,
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `idOf` means the same every time.
  }, [pages.data, latest])

  const showFresh = () => {
    if (latest === undefined) return
    client.setQueryData<InfiniteData<Page<T>, string | undefined>>(pagesKey, { pages: [latest], pageParams: [undefined] })
  }
  const onePage = pages.data?.pages.length === 1
  useEffect(() => {
    if (fresh > 0 && onePage && window.scrollY < 8) showFresh()
  })

  return {
    rows,
    fresh,
    showFresh: () => {
      showFresh()
      window.scrollTo({ top: 0 })
    },
    hasMore: pages.hasNextPage,
    loadMore: () => void (pages.isFetchingNextPage || pages.fetchNextPage()),
    loadingMore: pages.isFetchingNextPage,
    pending: pages.isPending,
    error: pages.error,
    retry: () => void pages.refetch(),
  }
}
