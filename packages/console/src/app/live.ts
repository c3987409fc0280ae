import type { LiveTopic } from '@carillon/contract'
import type { LiveView } from '@carillon/contract/live-client'
import { keepPreviousData, useQuery, useQueryClient, type QueryKey, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { ApiProblem, ServerUnreachable } from '../api/problem.ts'
import { watch } from './live-connection.ts'
import { lastHeard, sayOutdated, useLiveState, useMayAsk } from './live-state.ts'
import type { Topic } from './live-topics.ts'

const EVERY_MS = 2_000
/** How often is asked for what people alone change: often enough to be called live, seldom enough to leave pages open. */
export const BY_PEOPLE_MS = 15_000
/** After which a topic that was refused is tried again: there may be room for it. */
const AGAIN_MS = 15_000

export interface LiveQuery<T> {
  readonly queryKey: QueryKey
  readonly queryFn: (context: { signal: AbortSignal }) => Promise<T>
  readonly enabled?: boolean
  /** false: what is shown cannot change any more (a run that ended). */
  readonly changes?: (data: T | undefined) => boolean
  /** How often it is asked for where it is not watched. */
  readonly everyMs?: number
  /** What has been read of it already. */
  readonly known?: { readonly data: T; readonly at: number }
  /** What is shown until the first answer; unless given, what was shown before. */
  readonly placeholder?: (previous: T | undefined, before: { readonly queryKey: QueryKey } | undefined) => T | undefined
}

/**
 * A query that is kept fresh while its data may change: by what the server says of its topic, or, where there is no topic (null) or no word of it
 * comes, by asking every two seconds (or `everyMs`) while the tab is visible. Nothing is asked or shown while updates are paused. The first answer
 * is always asked for, as that is there soonest.
 */
export function useLive<T>(topic: Topic<T> | null, query: LiveQuery<T>): UseQueryResult<T> {
  const client = useQueryClient()
  const { queryKey, queryFn, enabled = true, everyMs = EVERY_MS } = query
  const { paused } = useLiveState()
  const mayAsk = useMayAsk()
  const watched = topic !== null && enabled && query.changes?.(client.getQueryData<T>(queryKey)) !== false
  const { fed, staleAt } = useTopic(watched ? topic.topic : null, (view) => {
    // An answer that is under way was asked for before this was said, and would take its place.
    void client.cancelQueries({ queryKey, exact: true })
    client.setQueryData<T>(queryKey, topic!.dataOf(view) as never)
  })
  const asks = !paused && !fed && mayAsk
  const result = useQuery({
    queryKey,
    queryFn,
    enabled,
    ...(fed ? { staleTime: Infinity } : {}),
    ...(query.known === undefined ? {} : { initialData: query.known.data as never, initialDataUpdatedAt: query.known.at }),
    refetchOnWindowFocus: asks,
    refetchInterval: ({ state: { data } }) => (asks && query.changes?.(data) !== false ? everyMs : false),
    placeholderData: (query.placeholder ?? keepPreviousData) as never,
  })
  useOutdated(!fed && result.data !== undefined && isUnanswered(result.error) ? Math.max(result.dataUpdatedAt, staleAt) : null)
  return result
}

/** Watches a topic; `fed`: what is to be seen of it comes by itself. Otherwise it was up to date at `staleAt`. */
export function useTopic(topic: LiveTopic | null, onView: (view: LiveView) => void): { fed: boolean; staleAt: number } {
  const { connection } = useLiveState()
  const [refusals, setRefusals] = useState(0)
  const name = topic === null ? null : JSON.stringify(topic)
  const [known, setKnown] = useState<{ of: string | null; staleAt: number }>({ of: null, staleAt: 0 })
  const present = useRef({ name, onView })
  useLayoutEffect(() => {
    present.current = { name, onView }
  })
  useEffect(() => {
    if (topic === null) return undefined
    const outdate = () => setKnown((before) => (before.of === null ? before : { of: null, staleAt: lastHeard() }))
    let again: ReturnType<typeof setTimeout> | undefined
    const stop = watch(topic, {
      onView(view) {
        // A subscription ends a moment after another topic was drawn: what it says until then is of no use, and no part of the other.
        if (present.current.name !== name) return
        setKnown((before) => (before.of === name ? before : { of: name, staleAt: 0 }))
        present.current.onView(view)
      },
      onStale: (stale) => (stale ? outdate() : setKnown({ of: name, staleAt: 0 })),
      onRefused() {
        outdate()
        again = setTimeout(() => setRefusals((count) => count + 1), AGAIN_MS)
      },
    })
    return () => {
      clearTimeout(again)
      stop()
      outdate()
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `name` says all of the topic.
  }, [name, connection, refusals])
  return { fed: name !== null && known.of === name, staleAt: known.staleAt }
}

function useOutdated(since: number | null): void {
  useEffect(() => (since === null ? undefined : sayOutdated(since)), [since])
}

const isUnanswered = (error: unknown): boolean =>
  error instanceof ServerUnreachable || (error instanceof ApiProblem && (error.status >= 500 || error.status === 429))
