import { useState } from 'react'
import { isConflict } from '../api/problem.ts'

interface Newest<T> {
  /** As somebody else has made it while the form was open; the next attempt is based on it. */
  readonly newest: T | null
  /** Sends a change. If somebody else was faster, the newest is read, and the refusal passed on. */
  readonly sending: <R>(send: () => Promise<R>) => Promise<R>
}

/** What stands on the server when a form turns out to be based on something older. */
export function useNewest<T>(read: () => Promise<T>): Newest<T> {
  const [newest, setNewest] = useState<T | null>(null)
  return {
    newest,
    async sending(send) {
      try {
        return await send()
      } catch (error) {
        if (isConflict(error)) setNewest(await read())
        throw error
      }
    },
  }
}
