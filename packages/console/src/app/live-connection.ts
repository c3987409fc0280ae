import type { LiveTopic } from '@carillon/contract'
import type { LiveClient, LiveWatcher } from '@carillon/contract/live-client'
import { tell } from '../api/request.ts'
import { heard, liveState, setLiveState } from './live-state.ts'

/** The one connection of this tab, from the first thing that is watched on. What it takes is loaded after the page: that shows a first answer without. */
let client: Promise<LiveClient> | null = null

export function watch<T extends LiveTopic>(topic: T, watcher: LiveWatcher<T['kind']>): () => void {
  const mine = (client ??= open())
  let stop: (() => void) | null = null
  let over = false
  const start = (live: LiveClient) => {
    if (!over) stop = live.watch(topic, watcher)
  }
  // Without it pages ask by themselves; the next thing that is watched tries again.
  mine.then(start, () => {
    if (client === mine) client = null
  })
  return () => {
    over = true
    stop?.()
  }
}

export function setPaused(paused: boolean): void {
  setLiveState({ paused })
  client?.then((live) => (paused ? live.pause() : live.resume()), neverOpened)
}

/** What could not be loaded need not be paused or closed. */
const neverOpened = (): void => undefined

/** Whoever signs out takes it along. */
export function closeLive(): void {
  client?.then((live) => live.close(), neverOpened)
  client = null
  setLiveState({ socket: null })
}

/** After somebody has signed in again: what is watched is watched anew. */
export function renewLive(): void {
  closeLive()
  setLiveState({ connection: liveState().connection + 1 })
}

function open(): Promise<LiveClient> {
  const opening: Promise<LiveClient> = import('@carillon/contract/live-client').then(({ openLive }) => {
    const opened = openLive({
      baseUrl: window.location.origin,
      connect(url) {
        const socket = new WebSocket(url)
        socket.addEventListener('message', heard)
        return socket
      },
      onStatus(status) {
        if (client !== opening) return
        setLiveState({ socket: status })
        if (status.state === 'live') tell({ kind: 'reachable' })
        if (status.state === 'signedOut') tell({ kind: 'signed-out' })
      },
    })
    if (liveState().paused) opened.pause()
    return opened
  })
  return opening
}
