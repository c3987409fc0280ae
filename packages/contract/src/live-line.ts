import type { LiveMessage, LiveRequest } from './live.ts'

/** As much of a WebSocket as is used: the browser's, or that of the package `ws`. */
export interface LiveSocket {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(): void
}

/** A connection to the server that is made again when it is lost. */
export interface LiveLine {
  /** Dropped while there is no connection: whoever is greeted says what it wants anew. */
  send(request: LiveRequest): void
  /** The server has greeted. */
  isOpen(): boolean
  close(): void
}

export interface LiveLineOptions {
  readonly connect: () => LiveSocket
  /** The least and the most that is waited before connecting again, in milliseconds. */
  readonly retryMs: readonly [least: number, most: number]
  /** Heard nothing for so long, the connection counts as lost; sooner where the server says that it speaks more often. */
  readonly silenceMs: number
  readonly random: () => number
  onMessage(message: LiveMessage): void
  /** `retryAt`: when it is tried again; null: never, the sign-in has ended. */
  onLost(retryAt: number | null): void
}

export function openLine({ connect, retryMs, silenceMs, random, onMessage, onLost }: LiveLineOptions): LiveLine {
  let socket: LiveSocket | undefined
  let open = false
  let failures = 0
  let silentMs = silenceMs
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  const begin = () => {
    const mine = connect()
    const isMine = (act: (event: never) => void) => (event: never) => {
      if (socket === mine) act(event)
    }
    socket = mine
    mine.onopen = isMine(listen)
    mine.onmessage = isMine(({ data }: { data: unknown }) => {
      listen()
      hear(JSON.parse(String(data)) as LiveMessage)
    })
    mine.onclose = isMine(({ code }: { code?: number }) => lose(code === SIGNED_OUT))
    mine.onerror = () => undefined
    listen()
  }
  /** From now on: something has been heard. */
  const listen = () => {
    clearTimeout(silence)
    silence = setTimeout(() => lose(false), silentMs)
  }
  const hear = (message: LiveMessage) => {
    if (message.type === 'hello') {
      open = true
      failures = 0
      // One that is late is none that is missing.
      if (message.pingMs !== undefined) silentMs = Math.min(silenceMs, 2.5 * message.pingMs)
      else silentMs = silenceMs
      listen()
    }
    onMessage(message)
  }
  const drop = () => {
    const old = socket
    socket = undefined
    open = false
    clearTimeout(silence)
    old?.close()
  }
  const lose = (signedOut: boolean) => {
    drop()
    if (signedOut) return onLost(null)
    const [least, most] = retryMs
    // Of the whole range, so that the clients of a node that went away do not come back at once.
    const ms = least + random() * (Math.min(most, least * 2 ** ++failures) - least)
    retry = setTimeout(begin, ms)
    onLost(Date.now() + ms)
  }

  begin()
  return {
    send(request) {
      if (open) socket!.send(JSON.stringify(request))
    },
    isOpen: () => open,
    close() {
      clearTimeout(retry)
      drop()
    },
  }
}

/** CLOSE_UNAUTHENTICATED. The schemas are not imported for it: they would come along into a page. */
const SIGNED_OUT = 4401
