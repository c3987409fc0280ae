import { Alert, UnstyledButton } from '@mantine/core'
import { CircleDot, CirclePause, CircleSlash } from 'lucide-react'
import { momentText, zoneName } from '../components/moments.ts'
import { useTexts } from '../i18n/texts.ts'
import classes from './Connection.module.css'
import { setPaused, useLiveState } from './live.ts'
import { usePreferences } from './preferences.ts'
import { shellTexts } from './text.ts'

/** Says whether what is shown is up to date, and pauses updates. */
export function LivePill() {
  const t = useTexts(shellTexts)
  const { paused, reachable } = useLiveState()
  const freshAt = useFreshText()
  const [Icon, word] = paused
    ? [CirclePause, t('paused')]
    : reachable
      ? [CircleDot, t('live')]
      : [CircleSlash, t('stale', { time: freshAt })]
  return (
    <UnstyledButton
      className={classes['pill']}
      data-state={paused ? 'paused' : reachable ? 'live' : 'stale'}
      onClick={() => setPaused(!paused)}
      title={paused ? t('resume') : t('pause')}
      aria-pressed={paused}
    >
      <Icon size={14} aria-hidden />
      <span className={classes['word']}>{word}</span>
    </UnstyledButton>
  )
}

/** Over every page while the server does not answer. */
export function LostServer() {
  const t = useTexts(shellTexts)
  const { reachable } = useLiveState()
  const freshAt = useFreshText()
  return (
    <div role="status">
      {!reachable && (
        <Alert className={classes['lost']} variant="outline" mb="md">
          {t('lost', { time: freshAt })}
        </Alert>
      )}
    </div>
  )
}

function useFreshText(): string {
  const t = useTexts(shellTexts)
  const { freshAt } = useLiveState()
  const { zone } = usePreferences()
  return freshAt === null ? t('never') : momentText(freshAt, zoneName(zone))
}
