import type { LiveMessage } from '@carillon/contract'
import type { WebSocket } from 'ws'
import { carillonErrorOf, internalError, problemOf } from '../http/problems.ts'

/** Towards one client: what it is told, and whether it reads it. */
export interface Outlet {
  say(message: LiveMessage): void
  /** A message of which the text is made already. */
  write(text: string): void
  /** Says why the client does not get what it asked for as `id`. */
  refuse(id: number, error: unknown): void
  /** So much waits to be read by the client that nothing is to be added. */
  isFull(): boolean
}

export interface OutletDeps {
  readonly socket: WebSocket
  /** Of the request that opened it, for what its problems are called by. */
  readonly requestId: string
  /** The client has read something: there may be room again. */
  readonly onRead: () => void
  readonly onError: (error: unknown) => void
}

const MOST_BUFFERED_BYTES = 2 ** 20

export function openOutlet({ socket, requestId, onRead, onError }: OutletDeps): Outlet {
  const write = (text: string) => {
    if (socket.readyState === socket.OPEN) socket.send(text, onRead)
  }
  const say = (message: LiveMessage) => write(JSON.stringify(message))
  return {
    say,
    write,
    refuse(id, error) {
      const known = carillonErrorOf(error)
      if (known === null) onError(error)
      say({ type: 'refused', id, problem: problemOf(known ?? internalError(), requestId).body as never })
    },
    isFull: () => socket.bufferedAmount > MOST_BUFFERED_BYTES,
  }
}
