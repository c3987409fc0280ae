/**
 * Where requests that wait for something (a claim for work, a log reader for lines) are woken. Only hints pass through here: a waiter that
 * wakes looks at the database, and every waiter also wakes by its own time-out, so a lost hint costs a delay and nothing else.
 */
export interface WakeHub {
  /** Hears every wake of these topics from now on, until it is stopped. */
  listen(topics: readonly string[]): Ear
  /** Resolves true when one of the topics is woken, false after `ms` or when the signal aborts. */
  wait(topics: readonly string[], ms: number, signal?: AbortSignal): Promise<boolean>
  /** Wakes up to `count` waiters of a topic, those that have waited longest first. */
  wake(topic: string, count?: number): void
  /** Topics that someone waits for now. */
  topics(): readonly string[]
  /** As `wake`, without telling the other nodes. */
  wakeLocally(topic: string, count?: number): void
  /** Called for every wake that starts here, to carry it to the other nodes, until what it answers is called. */
  onWake(listener: (topic: string) => void): () => void
}

export const queueTopic = (queueId: number) => `q${queueId}`
export const appTopic = (appId: number) => `a${appId}`
export const sessionTopic = (sessionId: number) => `s${sessionId}`
/** The end of one run leaves something to do to another. */
export const continueTopic = 'continue'
/** A push executor has come into service. */
export const dispatchTopic = 'dispatch'
/** An executor is to be checked at once. */
export const checkTopic = 'check'
export const logTopic = (instanceId: number) => `l${instanceId}`

/** One that is left behind takes a wake that another needs: whoever makes it stops it. */
export interface Ear {
  /** Whether something was heard since it began to listen. */
  heard(): boolean
  /** Resolves true once something is heard, at once if it was already; false after `ms`, or when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<boolean>
  /** Ends a wait, which answers what was heard until then. */
  interrupt(): void
  stop(): void
}

interface Waiter {
  readonly topics: readonly string[]
  wake(): void
}

export function createWakeHub(): WakeHub {
  const waiters = new Map<string, Set<Waiter>>()
  const listeners = new Set<(topic: string) => void>()

  const remember = (waiter: Waiter) => {
    for (const topic of waiter.topics) {
      const set = waiters.get(topic)
      if (set) set.add(waiter)
      else waiters.set(topic, new Set([waiter]))
    }
  }
  const forget = (waiter: Waiter) => {
    for (const topic of waiter.topics) {
      const set = waiters.get(topic)
      set?.delete(waiter)
      if (set?.size === 0) waiters.delete(topic)
    }
  }
  const listen = (topics: readonly string[]): Ear => {
    let heard = false
    let tell: (() => void) | undefined
    const waiter: Waiter = {
      topics,
      wake() {
        heard = true
        // One wake is enough: the next one is for somebody else.
        forget(waiter)
        tell?.()
      },
    }
    remember(waiter)
    return {
      heard: () => heard,
      stop: () => forget(waiter),
      interrupt: () => tell?.(),
      wait(ms, signal) {
        if (heard || ms <= 0 || signal?.aborted) return Promise.resolve(heard)
        return new Promise((resolve) => {
          const end = () => {
            clearTimeout(timer)
            signal?.removeEventListener('abort', end)
            tell = undefined
            resolve(heard)
          }
          const timer = setTimeout(end, ms)
          signal?.addEventListener('abort', end)
          tell = end
        })
      },
    }
  }

  const wakeLocally = (topic: string, count = Number.POSITIVE_INFINITY) => {
    let left = count
    for (const waiter of waiters.get(topic) ?? []) {
      if (left-- <= 0) break
      waiter.wake()
    }
  }

  return {
    listen,
    async wait(topics, ms, signal) {
      const ear = listen(topics)
      try {
        return await ear.wait(ms, signal)
      } finally {
        ear.stop()
      }
    },
    wake(topic, count) {
      wakeLocally(topic, count)
      for (const listener of listeners) listener(topic)
    },
    wakeLocally,
    topics: () => [...waiters.keys()],
    onWake(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
