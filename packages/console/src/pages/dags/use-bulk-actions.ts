import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import { answersByRef } from '../../components/bulk/by-ref.ts'
import { useTexts } from '../../i18n/texts.ts'
import type { DagRow } from './DagsPage.tsx'
import { dagsTexts } from './text.ts'

/** What can be done with DAGs by the hundred: each is answered by itself. */
export function useBulkActions(): readonly BulkAction<DagRow>[] {
  const t = useTexts(dagsTexts)
  const { api, can } = useTenant()
  const by = (action: 'enable' | 'disable' | 'delete') => ({
    key: action,
    act: async (ids: readonly number[]) => answersByRef(await api.dags.bulk({ body: { dags: [...ids], action } })),
  })
  const pausing: BulkAction<DagRow>[] = [
    {
      key: 'pause',
      label: t('pauseDo'),
      asks: { kind: 'reason' },
      leftOut: ({ paused }) => (paused ? t('isPaused') : null),
      async act(ids, answer) {
        const reason = answer === '' ? undefined : answer
        return answersByRef(await api.dags.pauseMany({ body: { dags: [...ids], ...given({ reason }) } }))
      },
    },
    {
      key: 'resume',
      label: t('resume'),
      leftOut: ({ paused }) => (paused ? null : t('isNotPaused')),
      act: async (ids) => answersByRef(await api.dags.resumeMany({ body: { dags: [...ids] } })),
    },
  ]
  const writing: BulkAction<DagRow>[] = [
    { ...by('enable'), label: t('enable'), leftOut: ({ enabled }) => (enabled ? t('isEnabled') : null) },
    { ...by('disable'), label: t('disableDo'), leftOut: ({ enabled }) => (enabled ? null : t('isDisabled')) },
    { ...by('delete'), label: t('removeDo'), danger: true, leftOut: () => null },
  ]
  return [...(can('run.control') ? pausing : []), ...(can('definition.write') ? writing : [])]
}
