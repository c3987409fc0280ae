import type { ExecutorView } from '@carillon/contract'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import { answersByRef } from '../../components/bulk/by-ref.ts'
import { useTexts } from '../../i18n/texts.ts'
import { executorsTexts } from './text.ts'

/** What can be done with executors by the hundred: each is answered by itself. */
export function useBulkActions(): readonly BulkAction<ExecutorView>[] {
  const t = useTexts(executorsTexts)
  const { api, can } = useTenant()
  const by = (action: 'online' | 'maintenance' | 'drain' | 'offline' | 'delete') => ({
    key: action,
    act: async (ids: readonly number[], answer: string) => {
      const reason = answer === '' ? undefined : answer
      return answersByRef(await api.executors.bulk({ body: { executors: [...ids], action, ...given({ reason }) } }))
    },
  })
  /** For those that are in another status. */
  const unless = (status: ExecutorView['status']) => ({
    asks: { kind: 'reason' } as const,
    leftOut: (executor: ExecutorView) => (executor.status === status ? t('isAlready', { status: t(status) }) : null),
  })
  if (!can('executor.control')) return []
  return [
    { ...by('maintenance'), label: t('maintenance'), ...unless('MAINTENANCE') },
    { ...by('drain'), label: t('drain'), ...unless('DRAINING') },
    { ...by('offline'), label: t('offline'), ...unless('OFFLINE') },
    { ...by('online'), label: t('online'), ...unless('ONLINE') },
    { ...by('delete'), label: t('remove'), danger: true, leftOut: () => null },
  ]
}
