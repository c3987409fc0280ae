import type { DagTemplate } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { Radio, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTenant } from '../../app/session.tsx'
import { DagGraph } from '../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED } from '../../components/dag-graph/model.ts'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { useDraft } from '../../components/use-draft.ts'
import { useTexts } from '../../i18n/texts.ts'
import { graphOf } from './editor/graph-of.ts'
import { dagsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/dags')

/** Makes a DAG with its tasks from one that the platform offers. */
export function TemplateDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  const templates = useQuery({
    queryKey: ['dag-templates', tenant],
    queryFn: ({ signal }) => api.dagTemplates.list({ signal }),
    staleTime: Infinity,
  })
  const items = templates.data?.items ?? []
  const { draft, set, fields } = useDraft(() => ({ template: '', code: '', name: '' }))
  const chosen = items.find(({ code }) => code === draft.template) ?? items[0]
  return (
    <FormDialog
      title={t('fromTemplate')}
      submit={t('createDo')}
      size="lg"
      onClose={onClose}
      onSubmit={async () => {
        const { code, name } = draft
        await api.dagTemplates.copy({ params: { template: chosen!.code }, body: { code, ...(name === '' ? {} : { name }) } })
        return code
      }}
      onDone={(dag) => void navigate({ to: '/t/$tenant/dags/$dag', params: { tenant, dag } })}
    >
      {(problem) => {
        const { text } = fields(problem)
        if (chosen === undefined)
          return templates.error === null ? (
            <Loading />
          ) : (
            <ErrorPanel error={templates.error} retry={() => void templates.refetch()} />
          )
        return (
          <>
            <Radio.Group label={t('template')} value={chosen.code} onChange={(template) => set({ template })}>
              <Stack gap="xs" mt={4}>
                {items.map(({ code, name, description }) => (
                  <Radio key={code} value={code} label={name} description={description} />
                ))}
              </Stack>
            </Radio.Group>
            <Picture template={chosen} />
            {chosen.secrets.length > 0 && (
              <Text size="sm" c="dimmed">
                {t('templateSecrets', { secrets: chosen.secrets.join(', ') })}
              </Text>
            )}
            <TextInput label={t('code')} description={t('templateCodeHint')} required {...text('code')} />
            <TextInput label={t('name')} {...text('name')} />
          </>
        )
      }}
    </FormDialog>
  )
}

const HEIGHT = 180

function Picture({ template: { code, name } }: { template: DagTemplate }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const { data } = useQuery({
    queryKey: ['dag-template', tenant, code],
    queryFn: ({ signal }) => api.dagTemplates.get({ params: { template: code } }, { signal }),
    staleTime: Infinity,
  })
  const graph = useMemo(() => {
    const dag = data?.documents.find(({ kind }) => kind === 'Dag')
    return dag && graphOf(dag as unknown as DagDefinition)
  }, [data])
  return graph ? (
    <DagGraph
      label={t('graphOfTemplate', { name })}
      height={HEIGHT}
      {...graph}
      selection={NOTHING_SELECTED}
      onSelect={() => undefined}
    />
  ) : (
    <Loading />
  )
}
