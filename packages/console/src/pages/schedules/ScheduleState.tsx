import type { ScheduleView } from '@carillon/contract'
import { CircleCheck, CirclePause } from 'lucide-react'
import { Marker } from '../../components/Marker.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { schedulesTexts } from './text.ts'

export function ScheduleState({ schedule }: { schedule: ScheduleView }) {
  const t = useTexts(schedulesTexts)
  return schedule.paused ? (
    <Marker word={t('paused')} tone="blocked" icon={CirclePause} outline="dashed" note={schedule.pauseReason ?? undefined} />
  ) : (
    <Marker word={t('active')} tone="success" icon={CircleCheck} />
  )
}
