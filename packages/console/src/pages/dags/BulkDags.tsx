import { useQueryClient } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { BulkBar } from '../../components/BulkBar.tsx'
import { useTexts } from '../../i18n/texts.ts'
import type { DagRow } from './DagsPage.tsx'
import { dagsTexts } from './text.ts'

type Action = 'pause' | 'resume' | 'enable' | 'disable' | 'delete'

/** What can be done with the selected DAGs, by this person. */
export function BulkDags({ dags, onDone }: { dags: readonly DagRow[]; onDone: () => void }) {
  const t = useTexts(dagsTexts)
  const { api, code, can } = useTenant()
  const client = useQueryClient()
  const refs = dags.map(({ id }) => String(id))
  const send = (action: Action, reason: string | undefined) => {
    if (action === 'pause') return api.dags.pauseMany({ body: { dags: refs, ...(reason === undefined ? {} : { reason }) } })
    if (action === 'resume') return api.dags.resumeMany({ body: { dags: refs } })
    return api.dags.bulk({ body: { dags: refs, action } })
  }
  return (
    <BulkBar<Action>
      selected={dags.map(({ id, code: name }) => ({ ref: String(id), name }))}
      actions={[
        ...(can('run.control')
          ? ([
              { action: 'pause', word: t('pauseDo'), asks: true },
              { action: 'resume', word: t('resume') },
            ] as const)
          : []),
        ...(can('definition.write')
          ? ([
              { action: 'enable', word: t('enable') },
              { action: 'disable', word: t('disableDo') },
              { action: 'delete', word: t('removeDo'), danger: true },
            ] as const)
          : []),
      ]}
      send={send}
      onDone={async (all) => {
        await client.invalidateQueries({ queryKey: ['dags', code] })
        if (all) onDone()
      }}
    />
  )
}
