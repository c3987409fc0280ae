import { CLOSE_UNAUTHENTICATED, type LiveTopic } from '@carillon/contract'
import type { WebSocket } from 'ws'
import { checkAccess, type Access } from './access.ts'
import { openOutlet } from './outlet.ts'
import { createMessageLimit, readRequest } from './request.ts'
import { createSubscriptions } from './subscriptions.ts'
import type { Seat, Viewer } from './topics.ts'

export interface ConnectionDeps extends Access {
  readonly socket: WebSocket
  readonly nodeId: string
  /** Of the request that opened it, for what its problems are called by. */
  readonly requestId: string
  join(tenantId: number, topic: LiveTopic, viewer: Viewer, since: number | undefined): Seat
  onError(error: unknown): void
}

/** One client: its subscriptions, and what has been sent to it. */
export interface Connection {
  /** Takes its topics away where it may not see them any more. */
  recheck(): Promise<void>
  /** Asks whether the client lives: one that has not answered the time before is cut off. */
  ping(): void
  /** Says that the server lives. */
  sign(): void
  close(code: number, reason: string): void
}

/** How often the server says that it lives: clients are to notice within seconds that it does not. */
export const SIGN_MS = 4_000

const POLICY_VIOLATION = 1008

export function openConnection(deps: ConnectionDeps): Connection {
  const { socket } = deps
  /** Who it is could not be asked: until it can, nothing is shown. */
  let unsure = false
  let answered = true
  let checking = false

  // Once the client has read enough of what was sent, it gets what was held back.
  const catchUp = () => subscriptions.open().forEach((subscription) => subscription.catchUp())
  const outlet = openOutlet({ ...deps, onRead: catchUp })
  const subscriptions = createSubscriptions({ ...deps, outlet, isHeldBack: () => unsure || outlet.isFull() })
  const isTooMuch = createMessageLimit(() => performance.now())

  const hear = (text: string) => {
    if (isTooMuch()) return socket.close(POLICY_VIOLATION, 'Too many messages.')
    const request = readRequest(text)
    if ('error' in request) return outlet.refuse(request.id, request.error)
    void subscriptions.take(request.value)
  }
  const recheck = async () => {
    const standing = await checkAccess(deps, subscriptions.open(), subscriptions.end)
    if (standing === 'NOBODY') return socket.close(CLOSE_UNAUTHENTICATED, 'Your sign-in has ended.')
    unsure = standing === 'UNSURE'
    if (unsure) subscriptions.open().forEach((subscription) => subscription.outdate())
    else catchUp()
  }

  socket.on('message', (data: Buffer) => hear(String(data)))
  socket.on('pong', () => {
    answered = true
  })
  socket.on('close', subscriptions.leave)
  outlet.say({ type: 'hello', serverTime: Date.now(), node: deps.nodeId, pingMs: SIGN_MS })
  return {
    async recheck() {
      if (checking) return
      checking = true
      try {
        await recheck()
      } finally {
        checking = false
      }
    },
    ping() {
      if (!answered) return socket.terminate()
      answered = false
      socket.ping()
    },
    sign() {
      if (!outlet.isFull()) outlet.say({ type: 'ping', serverTime: Date.now() })
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
