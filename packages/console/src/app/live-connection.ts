import type { LiveTopic } from '@carillon/contract'
import { openLive, type LiveClient, type LiveWatcher } from '@carillon/contract/live-client'
import { tell } from '../api/request.ts'
import { heard, liveState, setLiveState } from './live-state.ts'

/** The one connection of this tab, from the first thing that is watched on. */
let client: LiveClient | null = null

export function watch<T extends LiveTopic>(topic: T, watcher: LiveWatcher<T['kind']>): () => void {
  client ??= open()
  return client.watch(topic, watcher)
}

export function setPaused(paused: boolean): void {
  setLiveState({ paused })
  if (paused) client?.pause()
  else client?.resume()
}

/** Whoever signs out takes it along. */
export function closeLive(): void {
  client?.close()
  client = null
  setLiveState({ socket: null })
}

/** After somebody has signed in again: what is watched is watched anew. */
export function renewLive(): void {
  closeLive()
  setLiveState({ connection: liveState().connection + 1 })
}

function open(): LiveClient {
  const opened = openLive({
    baseUrl: window.location.origin,
    connect(url) {
      const socket = new WebSocket(url)
      socket.addEventListener('message', heard)
      return socket
    },
    onStatus(status) {
      if (client !== opened) return
      setLiveState({ socket: status })
      if (status.state === 'signedOut') tell({ kind: 'signed-out' })
    },
  })
  if (liveState().paused) opened.pause()
  return opened
}
