import type { LogLevel, LogRecord } from '@carillon/contract'
import { useEffect, useMemo, useReducer, useRef, useState } from 'react'
import { logTopic, type LogExtent } from '../../app/live-topics.ts'
import { useLive, useTopic } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { LineStore, PIECE } from './line-store.ts'

/** One attempt of one instance. */
export interface LogSource {
  readonly instance: number
  readonly attempt: number
  /** Nothing will be written any more. */
  readonly ended: boolean
}

const LOOK_EVERY_MS = 500
const BEYOND_ANY_LINE = Number.MAX_SAFE_INTEGER

/** How far the log goes, which is told while it is written. Lines are fetched only where they are in sight, unless they have just come. */
export function useLogExtent({ instance, attempt, ended }: LogSource) {
  const { api, code } = useTenant()
  return useLive<LogExtent>(logTopic(code, instance, attempt), {
    queryKey: ['log', code, instance, attempt, ended],
    queryFn: ({ signal }) =>
      api.instances.logs({ params: { instance }, query: { attempt, after: BEYOND_ANY_LINE, limit: 1 } }, { signal }),
    changes: () => !ended,
    everyMs: LOOK_EVERY_MS,
    placeholder: (previous, before) =>
      before?.queryKey[2] === instance && before.queryKey[3] === attempt ? previous : undefined,
  })
}

/** The lines themselves; what uses it is drawn again when some have come. */
export function useLineStore({ instance, attempt, ended }: LogSource): LineStore {
  const { api, code } = useTenant()
  const [, changed] = useReducer((count: number) => count + 1, 0)
  const store = useMemo(
    () =>
      new LineStore(
        async (after, limit) => (await api.instances.logs({ params: { instance }, query: { attempt, after, limit } })).items,
        changed,
      ),
    [api, instance, attempt],
  )
  // The same topic as above: it is one subscription.
  useTopic(ended ? null : logTopic(code, instance, attempt).topic, ({ items }) => store.take(items as readonly LogRecord[]))
  return store
}

export interface Wanted {
  readonly q: string
  readonly level: LogLevel | undefined
}

export interface Hits {
  readonly lines: readonly LogRecord[]
  /** Up to this line it has been searched. */
  readonly upTo: number
  readonly state: 'idle' | 'searching' | 'done' | 'full'
  readonly error: unknown
}

const NONE: Hits = { lines: [], upTo: 0, state: 'idle', error: null }
export const MOST_HITS = 10_000

/** Lines that match, from the first on: they come piece by piece, and go on coming while the log is written. */
export function useHits({ instance, attempt }: LogSource, { q, level }: Wanted, lastSeq: number): Hits {
  const { api } = useTenant()
  const key = `${instance} ${attempt} ${level ?? ''} ${q}`
  const [held, setHeld] = useState<{ key: string; hits: Hits }>({ key: '', hits: NONE })
  const active = q !== '' || level !== undefined
  const hits = active && held.key === key ? held.hits : NONE
  const latest = useRef(hits)
  latest.current = hits
  const end = useRef(lastSeq)
  end.current = lastSeq
  const behind = active && lastSeq > hits.upTo && hits.state !== 'full' && hits.error === null

  useEffect(() => {
    if (!behind) return undefined
    const stop = new AbortController()
    const search = async () => {
      let { lines, upTo } = latest.current
      try {
        for (let more = true; more && !stop.signal.aborted;) {
          const known = end.current
          const query = { attempt, after: upTo, limit: PIECE, ...(q === '' ? {} : { q }), ...(level ? { level } : {}) }
          const found = await api.instances.logSearch({ params: { instance }, query }, { signal: stop.signal })
          lines = [...lines, ...found.items]
          upTo = Math.max(found.next ?? known, found.items.at(-1)?.seq ?? 0)
          more = found.next !== null && lines.length < MOST_HITS
          const state = more ? 'searching' : lines.length >= MOST_HITS ? 'full' : 'done'
          if (!stop.signal.aborted) setHeld({ key, hits: { lines, upTo, state, error: null } })
        }
      } catch (error) {
        if (!stop.signal.aborted) setHeld({ key, hits: { ...latest.current, state: 'done', error } })
      }
    }
    void search()
    return () => stop.abort()
    // A search under way goes on while the log grows; one that is done begins again where it ended.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [api, key, behind, hits.state === 'done' ? hits.upTo : 0])

  return hits
}

/** Where a log that failed is opened: its first error, or null. */
export async function firstError(
  api: ReturnType<typeof useTenant>['api'],
  { instance, attempt }: LogSource,
  after = 0,
): Promise<number | null> {
  for (let from: number | null = after; from !== null;) {
    const found: { items: readonly LogRecord[]; next: number | null } = await api.instances.logSearch({
      params: { instance },
      query: { attempt, level: 'ERROR', after: from, limit: 1 },
    })
    if (found.items[0]) return found.items[0].seq
    from = found.next
  }
  return null
}
