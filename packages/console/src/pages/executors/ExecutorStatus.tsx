import type { ExecutorView } from '@carillon/contract'
import { CircleCheck, HeartCrack, Hourglass, Unplug, Wrench } from 'lucide-react'
import { Marker } from '../../components/Marker.tsx'
import { useSaid } from '../../i18n/said.ts'
import { useTexts } from '../../i18n/texts.ts'
import { executorsTexts } from './text.ts'

const LOOKS = {
  ONLINE: { tone: 'success', icon: CircleCheck, outline: 'solid' },
  OFFLINE: { tone: 'failed', icon: Unplug, outline: 'thick' },
  MAINTENANCE: { tone: 'blocked', icon: Wrench, outline: 'dashed' },
  DRAINING: { tone: 'queued', icon: Hourglass, outline: 'dashed' },
} as const

/** One badge for both: what is online but unhealthy gets no work, and that is what matters. */
export function ExecutorStatus({ executor }: { executor: ExecutorView }) {
  const t = useTexts(executorsTexts)
  const say = useSaid()
  const { status, statusReason, health, healthReason } = executor
  if (status === 'ONLINE' && health === 'UNHEALTHY')
    return (
      <Marker
        word={t('UNHEALTHY')}
        tone="failed"
        icon={HeartCrack}
        outline="thick"
        note={healthReason === null ? undefined : say(healthReason)}
      />
    )
  return <Marker word={t(status)} {...LOOKS[status]} note={statusReason ?? undefined} />
}
