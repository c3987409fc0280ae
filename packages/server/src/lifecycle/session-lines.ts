/**
 * The claims of a session, one at a time. A new one breaks off the one before it (whose client has given up, or it would not ask again)
 * and waits until that has ended, so that what the old one still reserved is there to be answered when the new one looks.
 */
export function createSessionLines(leaving: AbortSignal) {
  const last = new Map<number, { readonly abort: AbortController; readonly ended: Promise<unknown> }>()
  return {
    async newest<T>(session: number, signal: AbortSignal, work: (current: AbortSignal) => Promise<T>): Promise<T> {
      const before = last.get(session)
      before?.abort.abort()
      const abort = new AbortController()
      const answer = (before ? before.ended : Promise.resolve()).then(() =>
        work(AbortSignal.any([signal, abort.signal, leaving])),
      )
      const line = { abort, ended: answer.catch(() => undefined) }
      last.set(session, line)
      try {
        return await answer
      } finally {
        if (last.get(session) === line) last.delete(session)
      }
    },
  }
}
