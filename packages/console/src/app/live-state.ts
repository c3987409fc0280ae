import type { LiveStatus } from '@carillon/contract/live-client'
import { useSyncExternalStore } from 'react'

/** What the console knows of the freshness of what it shows. */
export interface LiveState {
  /** By a person. A tab that is hidden pauses too, which nobody sees. */
  readonly paused: boolean
  /** Of the connection for live views; null: nothing has been watched yet. */
  readonly socket: LiveStatus | null
  /** Rises when another connection takes the place of one: what is watched is watched there. */
  readonly connection: number
  /** The server did not answer the last request; it is asked again at `retryAt`. */
  readonly unreachable: { readonly since: number; readonly retryAt: number } | null
  /** It has answered 429, and until then nothing is asked that nobody asked for. */
  readonly slowedUntil: number | null
  /** Since when the oldest of what is in sight could not be renewed. */
  readonly outdatedSince: number | null
}

let state: LiveState = {
  ...{ paused: false, socket: null, connection: 0 },
  ...{ unreachable: null, slowedUntil: null, outdatedSince: null },
}
const listeners = new Set<() => void>()

export const liveState = (): LiveState => state

export function setLiveState(changes: Partial<LiveState>): void {
  state = { ...state, ...changes }
  for (const listener of listeners) listener()
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(listen, liveState)
}

/** Whether what nobody asked for by hand may be asked: the server answers, and has not asked for a rest. */
const mayAsk = (): boolean => state.unreachable === null && state.slowedUntil === null
export function useMayAsk(): boolean {
  return useSyncExternalStore(listen, mayAsk)
}

/** When the server said something last, by whichever way. No state: it changes all the time, and is read when the server no longer speaks. */
let heardAt = Date.now()
export const heard = (): void => void (heardAt = Date.now())
export const lastHeard = (): number => heardAt

/** Views that could not be renewed, and since when each. */
const outdated = new Map<symbol, number>()

/** Says that a view shows what was true then; what it answers takes that back. */
export function sayOutdated(since: number): () => void {
  const view = Symbol('view')
  outdated.set(view, since)
  const tell = () => {
    const oldest = outdated.size === 0 ? null : Math.min(...outdated.values())
    if (oldest !== state.outdatedSince) setLiveState({ outdatedSince: oldest })
  }
  tell()
  return () => {
    outdated.delete(view)
    tell()
  }
}

export type Freshness =
  | { readonly state: 'live' | 'paused' }
  /** There are no live views at the moment: the connection is made again at `retryAt`. Meanwhile pages ask by themselves. */
  | { readonly state: 'lost'; readonly retryAt: number }
  | { readonly state: 'stale'; readonly since: number }

/** In one word how fresh what is in sight is. */
export function freshnessOf({ paused, socket, unreachable, outdatedSince }: LiveState): Freshness {
  if (paused) return { state: 'paused' }
  if (socket?.state === 'lost') return { state: 'lost', retryAt: socket.retryAt }
  const since = outdatedSince ?? unreachable?.since
  return since === undefined ? { state: 'live' } : { state: 'stale', since }
}
