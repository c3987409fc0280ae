import { useQuery, type QueryKey, type UseQueryResult } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { onConnectionNews } from '../api/request.ts'

/**
 * What the console knows of the freshness of what it shows, and the one place where views are kept fresh. For now a view asks again every
 * two seconds while somebody looks at it; with the server's live topics only this file changes.
 */
export interface LiveState {
  readonly paused: boolean
  readonly reachable: boolean
  /** Last time the server answered. */
  readonly freshAt: number | null
}

let state: LiveState = { paused: false, reachable: true, freshAt: null }
const listeners = new Set<() => void>()

function set(changes: Partial<LiveState>): void {
  state = { ...state, ...changes }
  for (const listener of listeners) listener()
}

export const setPaused = (paused: boolean): void => set({ paused })

onConnectionNews((news) => {
  if (news === 'unreachable') set({ reachable: false })
  if (news === 'reachable') set({ reachable: true, freshAt: Date.now() })
})

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

/** What a view is about: `run:42`, `runs`, `overview`, `executors`, … */
export type Topic = string

const EVERY_MS = 2_000

export interface LiveQuery<T> {
  readonly queryKey: QueryKey
  readonly queryFn: (context: { signal: AbortSignal }) => Promise<T>
  readonly enabled?: boolean
  /** false: what is shown cannot change any more (a run that ended). */
  readonly changes?: (data: T | undefined) => boolean
}

/** A query that is kept fresh while its tab is visible, nobody has paused updates, and its data may change. */
export function useLive<T>(_topic: Topic, query: LiveQuery<T>): UseQueryResult<T> {
  const { paused } = useLiveState()
  return useQuery({
    queryKey: query.queryKey,
    queryFn: query.queryFn,
    enabled: query.enabled ?? true,
    refetchOnWindowFocus: !paused,
    refetchInterval: ({ state: { data } }) => (paused || query.changes?.(data) === false ? false : EVERY_MS),
    placeholderData: (previous) => previous,
  })
}
