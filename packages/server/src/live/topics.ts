import { CarillonError } from '@carillon/core'
import type { WakeHub } from '../runtime/wake-hub.ts'
import { createViewState, type Sight, type ViewState } from './view-state.ts'

/** How a topic is looked at. It remembers itself how far it has seen. */
export interface Reader {
  /** The least time between two looks. */
  readonly everyMs: number
  /** Woken when there may be something to see: then the next look need not wait for `restMs`. */
  readonly hint?: string
  /** Items that are kept; left out: all that it sees. */
  readonly most?: number
  /** Throws a CarillonError when there is nothing (more) to be seen, and it is over. */
  look(): Promise<Look>
}

export interface Look extends Sight {
  /** How long the next look may wait: more than `everyMs` where little is to be expected. */
  readonly restMs?: number
}

/** Who looks at a topic. None of these throws. */
export interface Viewer {
  /** There is something to `take`. */
  news(): void
  /** The topic cannot be looked at just now: what the viewer has grows old. */
  trouble(): void
  /** It is over: there is no such thing (any more). */
  ended(error: CarillonError): void
}

/** A viewer's place at a topic. */
export interface Seat {
  /** What the viewer lacks, as a message without its `type` and `id`; null: nothing. `owed`: also when nothing has changed. */
  take(owed: boolean): { readonly type: 'snapshot' | 'changes'; readonly rest: string } | null
  /** Up to where the viewer has been told. */
  seq(): number | undefined
  leave(): void
}

/**
 * The topics that someone looks at on this node. Each is looked at by one loop for all its viewers, so what it costs does not depend on their
 * number; nobody's are not looked at.
 */
export interface Topics {
  /** `name`: equal for equal topics. `since`: the `seq` up to which the viewer knows it already. Throws a CarillonError when this node shows as much as it can. */
  join(tenantId: number, name: string, reader: () => Reader, viewer: Viewer, since: number | undefined): Seat
  close(): void
}

export interface TopicsDeps {
  readonly hub: Pick<WakeHub, 'listen'>
  /** Of a look that failed for a reason that no viewer is told. */
  readonly onError: (error: unknown) => void
  /** Makes of an error of the database what it means; null: a fault of ours. */
  readonly refusalOf: (error: unknown) => CarillonError | null
}

const MOST_TOPICS_OF_NODE = 2_000
/** So that one tenant's pages leave room for those of others. */
const MOST_TOPICS_OF_TENANT = 500
const MOST_CHARACTERS_OF_NODE = 128 * 2 ** 20

export function createTopics(deps: TopicsDeps): Topics {
  const topics = new Map<string, Topic>()
  const keyOf = (tenantId: number, name: string) => `${tenantId} ${name}`
  const assertRoom = (tenantId: number) => {
    let characters = 0
    let ofTenant = 0
    for (const [key, { state }] of topics) {
      characters += state.size()
      if (key.startsWith(keyOf(tenantId, ''))) ofTenant++
    }
    const full = topics.size >= MOST_TOPICS_OF_NODE || characters >= MOST_CHARACTERS_OF_NODE
    if (!full && ofTenant < MOST_TOPICS_OF_TENANT) return
    throw new CarillonError(
      'UNAVAILABLE',
      'This server shows as much at once as it can. Close other live views, or try again later.',
    )
  }
  return {
    join(tenantId, name, reader, viewer, since) {
      const key = keyOf(tenantId, name)
      let topic = topics.get(key)
      if (!topic) {
        assertRoom(tenantId)
        const made = openTopic(deps, reader(), () => void (topics.get(key) === made && topics.delete(key)))
        topic = made
        topics.set(key, topic)
      }
      return topic.join(viewer, since)
    },
    close() {
      for (const topic of topics.values()) topic.close()
    },
  }
}

interface Topic {
  readonly state: ViewState
  join(viewer: Viewer, since: number | undefined): Seat
  close(): void
}

/** A look that took long is followed by a rest as many times as long: a dear view is looked at less often, and none keeps the database busy. */
const REST_TIMES = 4
const FIRST_BACK_OFF_MS = 1_000
const LONGEST_BACK_OFF_MS = 30_000

function openTopic(deps: TopicsDeps, reader: Reader, onClosed: () => void): Topic {
  const state = createViewState(reader.most)
  const viewers = new Set<Viewer>()
  const closing = new AbortController()
  const close = () => {
    closing.abort()
    onClosed()
  }
  const tell = (what: (viewer: Viewer) => void) => [...viewers].forEach(what)

  let failures = 0
  const look = async (): Promise<number> => {
    try {
      const { restMs = 0, ...sight } = await reader.look()
      const changed = state.absorb(sight)
      const recovered = failures > 0
      failures = 0
      if (changed || recovered) tell((viewer) => viewer.news())
      return restMs
    } catch (error) {
      const refusal = deps.refusalOf(error)
      if (refusal && refusal.code !== 'UNAVAILABLE') {
        tell((viewer) => viewer.ended(refusal))
        close()
        return 0
      }
      if (!refusal) deps.onError(error)
      if (failures === 0) tell((viewer) => viewer.trouble())
      return Math.min(FIRST_BACK_OFF_MS * 2 ** failures++, LONGEST_BACK_OFF_MS)
    }
  }
  const run = async () => {
    while (!closing.signal.aborted) {
      // From before the look: what comes during it is heard too.
      const ear = deps.hub.listen(reader.hint === undefined ? [] : [reader.hint])
      try {
        const startedAt = performance.now()
        const restMs = await look()
        const least = Math.max(reader.everyMs, REST_TIMES * (performance.now() - startedAt))
        await sleep(least, closing.signal)
        await ear.wait(restMs - least, closing.signal)
      } finally {
        ear.stop()
      }
    }
  }
  void run()

  return {
    state,
    close,
    join(viewer, since) {
      viewers.add(viewer)
      let at: number | undefined
      let told = since
      const first = () => {
        const rest = since === undefined ? null : state.changesFrom(since)
        return rest === null ? ({ type: 'snapshot', rest: state.snapshot() } as const) : ({ type: 'changes', rest } as const)
      }
      const following = (from: number) => {
        const rest = state.changesSince(from)
        return rest === null ? ({ type: 'snapshot', rest: state.snapshot() } as const) : ({ type: 'changes', rest } as const)
      }
      // What is known already is there at once, as soon as the viewer has its seat.
      const [known, failing] = [state.revision() > 0, failures > 0]
      queueMicrotask(() => {
        if (known && viewers.has(viewer)) viewer.news()
        if (failing && viewers.has(viewer)) viewer.trouble()
      })
      return {
        take(owed) {
          const revision = state.revision()
          // While it cannot be looked at, nobody is told that what they have is right.
          if (revision === 0 || (at === revision && (!owed || failures > 0))) return null
          const message = at === undefined ? first() : following(at)
          at = revision
          told = state.seq()
          return message
        },
        seq: () => told,
        leave() {
          viewers.delete(viewer)
          if (viewers.size === 0) close()
        },
      }
    },
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
