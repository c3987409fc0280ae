import type { AppView } from '@carillon/contract'
import { CircleCheck, CirclePause } from 'lucide-react'
import { Marker } from '../../components/Marker.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { appsTexts } from './text.ts'

export function AppState({ app }: { app: AppView }) {
  const t = useTexts(appsTexts)
  return app.paused ? (
    <Marker word={t('paused')} tone="blocked" icon={CirclePause} outline="dashed" note={t('pausedHint')} />
  ) : (
    <Marker word={t('active')} tone="success" icon={CircleCheck} />
  )
}
