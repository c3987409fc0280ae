import { Alert, UnstyledButton } from '@mantine/core'
import { CircleDashed, CircleDot, CirclePause, CircleSlash } from 'lucide-react'
import { useEffect, useState } from 'react'
import { momentText, zoneName } from '../components/moments.ts'
import { useTexts } from '../i18n/texts.ts'
import classes from './Connection.module.css'
import { setPaused } from './live-connection.ts'
import { freshnessOf, useLiveState, type Freshness } from './live-state.ts'
import { usePreferences } from './preferences.ts'
import { shellTexts } from './text.ts'

const ICONS = { live: CircleDot, paused: CirclePause, lost: CircleDashed, stale: CircleSlash } as const

/** Says whether what is shown is up to date, and pauses updates. */
export function LivePill() {
  const t = useTexts(shellTexts)
  const live = useLiveState()
  const freshness = freshnessOf(live)
  const word = useWord(freshness)
  const Icon = ICONS[freshness.state]
  const hint = live.paused ? t('resume') : t(freshness.state === 'lost' ? 'lostHint' : 'pause')
  return (
    <UnstyledButton
      className={classes['pill']}
      data-state={freshness.state}
      onClick={() => setPaused(!live.paused)}
      title={hint}
      aria-pressed={live.paused}
    >
      <Icon size={14} aria-hidden />
      <span className={classes['word']}>{word}</span>
    </UnstyledButton>
  )
}

function useWord(freshness: Freshness): string {
  const t = useTexts(shellTexts)
  const seconds = useSecondsUntil(freshness.state === 'lost' ? freshness.retryAt : null)
  const since = useMomentText(freshness.state === 'stale' ? freshness.since : 0)
  if (freshness.state === 'stale') return t('stale', { time: since })
  if (freshness.state !== 'lost') return t(freshness.state)
  return seconds > 0 ? t('reconnectingIn', { seconds }) : t('reconnecting')
}

/** Over every page while the server does not answer, or has asked for a rest. */
export function LostServer() {
  const { unreachable, slowedUntil } = useLiveState()
  return (
    <div role="status">
      {unreachable !== null ? <Lost {...unreachable} /> : slowedUntil !== null && <Slowed until={slowedUntil} />}
    </div>
  )
}

function Lost({ since, retryAt }: { since: number; retryAt: number }) {
  const t = useTexts(shellTexts)
  const time = useMomentText(since)
  return <Banner text={t('lost', { time })} seconds={useSecondsUntil(retryAt)} />
}

function Slowed({ until }: { until: number }) {
  const t = useTexts(shellTexts)
  return <Banner text={t('slowed')} seconds={useSecondsUntil(until)} />
}

function Banner({ text, seconds }: { text: string; seconds: number }) {
  const t = useTexts(shellTexts)
  return (
    <Alert className={classes['lost']} variant="outline" mb="md">
      {text} {/* A voice that counts every second would say nothing else. */}
      <span aria-hidden>{seconds > 0 ? t('goesOnIn', { seconds }) : t('goesOn')}</span>
    </Alert>
  )
}

function useMomentText(at: number): string {
  const { zone } = usePreferences()
  return momentText(at, zoneName(zone))
}

/** Whole seconds, counted down; 0: it is time, or there is nothing to wait for. */
function useSecondsUntil(at: number | null): number {
  const [, tick] = useState(0)
  useEffect(() => {
    if (at === null) return undefined
    const timer = setInterval(() => tick((count) => count + 1), 500)
    return () => clearInterval(timer)
  }, [at])
  return at === null ? 0 : Math.max(0, Math.ceil((at - Date.now()) / 1_000))
}
