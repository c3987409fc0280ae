import type { ScheduleView } from '@carillon/contract'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import { answersByRef } from '../../components/bulk/by-ref.ts'
import { useTexts } from '../../i18n/texts.ts'
import { schedulesTexts } from './text.ts'

/** What can be done with schedules by the hundred: each is answered by itself. */
export function useBulkActions(): readonly BulkAction<ScheduleView>[] {
  const t = useTexts(schedulesTexts)
  const { api, can } = useTenant()
  const by = (action: 'pause' | 'resume') => ({
    key: action,
    act: async (ids: readonly number[], answer: string) => {
      const reason = answer === '' ? undefined : answer
      return answersByRef(await api.schedules.bulk({ body: { schedules: [...ids], action, ...given({ reason }) } }))
    },
  })
  if (!can('schedule.pause')) return []
  return [
    {
      ...by('pause'),
      label: t('pause'),
      asks: { kind: 'reason' },
      leftOut: ({ paused }) => (paused ? t('isPaused') : null),
    },
    { ...by('resume'), label: t('resume'), leftOut: ({ paused }) => (paused ? null : t('isNotPaused')) },
  ]
}
