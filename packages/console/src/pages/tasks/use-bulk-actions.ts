import { useTenant } from '../../app/session.tsx'
import type { BulkAction } from '../../components/bulk/BulkActions.tsx'
import { answersByRef } from '../../components/bulk/by-ref.ts'
import { useTexts } from '../../i18n/texts.ts'
import type { TaskRow } from './TasksPage.tsx'
import { tasksTexts } from './text.ts'

/** What can be done with tasks by the hundred: each is answered by itself. */
export function useBulkActions(): readonly BulkAction<TaskRow>[] {
  const t = useTexts(tasksTexts)
  const { api, can } = useTenant()
  const by = (action: 'enable' | 'disable' | 'delete') => ({
    key: action,
    act: async (ids: readonly number[]) => answersByRef(await api.tasks.bulk({ body: { tasks: [...ids], action } })),
  })
  if (!can('definition.write')) return []
  return [
    { ...by('enable'), label: t('enable'), leftOut: ({ enabled }) => (enabled ? t('isEnabled') : null) },
    { ...by('disable'), label: t('disable'), leftOut: ({ enabled }) => (enabled ? null : t('isDisabled')) },
    { ...by('delete'), label: t('remove'), danger: true, leftOut: () => null },
  ]
}
