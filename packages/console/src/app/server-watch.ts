import { onConnectionNews } from '../api/request.ts'
import { readSession } from '../api/session.ts'
import { heard, lastHeard, liveState, setLiveState } from './live-state.ts'
import { queryClient } from './queries.ts'

/**
 * What is asked while the server does not answer, or asks for a rest: nothing, but whether it is there again, so that no number of open pages is in
 * its way when it comes back. Then everything that failed meanwhile is asked again.
 */
export function watchServer(): void {
  let asking: ReturnType<typeof setTimeout> | undefined
  let resting: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  /** Times that it was reached again: a question from before that does not go on. */
  let returns = 0

  const askLater = () => {
    const ms = askAgainMs(failures++)
    setLiveState({ unreachable: { since: liveState().unreachable?.since ?? lastHeard(), retryAt: Date.now() + ms } })
    const since = returns
    clearTimeout(asking)
    asking = setTimeout(() => void readSession().catch(() => since === returns && askLater()), ms)
  }
  const reached = () => {
    heard()
    if (liveState().unreachable === null) return
    clearTimeout(asking)
    failures = 0
    returns++
    setLiveState({ unreachable: null })
    askWhatFailed()
  }
  const rest = (until: number) => {
    if (until <= (liveState().slowedUntil ?? 0)) return
    clearTimeout(resting)
    setLiveState({ slowedUntil: until })
    resting = setTimeout(() => {
      setLiveState({ slowedUntil: null })
      askWhatFailed()
    }, until - Date.now())
  }

  onConnectionNews((news) => {
    if (news.kind === 'reachable') reached()
    else if (news.kind === 'unreachable' && liveState().unreachable === null) askLater()
    else if (news.kind === 'slowed') rest(news.until)
  })
}

const LONGEST_MS = 15_000

/** From one failure to the next: soon at first, as most are over at once. */
export function askAgainMs(failures: number): number {
  return Math.min(2_000 * 2 ** failures, LONGEST_MS)
}

function askWhatFailed(): void {
  void queryClient.refetchQueries({ type: 'active', predicate: ({ state }) => state.error !== null })
}
