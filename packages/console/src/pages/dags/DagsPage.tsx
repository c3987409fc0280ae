import type { Client } from '@carillon/contract'
import { Button, Group, Text, TextInput, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { lazyPart } from '../../app/lazy-part.tsx'
import { useLiveList } from '../../app/live-list.ts'
import { flagOf, given, labelFilterOf } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useBulk } from '../../components/bulk/use-bulk.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import type { Filter } from '../../components/FilterBar.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { labelsOf } from '../../components/labels.ts'
import { LabelsField } from '../../components/LabelsField.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { useDraft } from '../../components/use-draft.ts'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/dags')
const TemplateDialog = lazyPart(async () => (await import('./TemplateDialog.tsx')).TemplateDialog)

export type DagRow = Awaited<ReturnType<Client['dags']['list']>>['items'][number]

export function DagsPage() {
  const t = useTexts(dagsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const [creating, dialog] = useDisclosure()
  const [copying, templates] = useDisclosure()
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) => {
    const { q, owner, enabled, paused, active, label } = search
    const flags = { enabled: flagOf(enabled), paused: flagOf(paused), active: flagOf(active) }
    return api.dags.list({ query: given({ q, owner, ...flags, label: labelFilterOf(label), cursor, limit }) }, given({ signal }))
  }
  const list = useLiveList<DagRow>(null, {
    queryKey: ['dags', code, 'list', search],
    page: (cursor, signal) => page(cursor, 50, signal),
    idOf: ({ id }) => id,
  })
  const bulk = useBulk({ list, nameOf: (dag) => dag.code, actions: useBulkActions(), page: (cursor) => page(cursor, 200) })
  const create = can('definition.write') && (
    <Group gap="xs">
      <Button variant="default" onClick={templates.open}>
        {t('fromTemplate')}
      </Button>
      <Button onClick={dialog.open}>{t('create')}</Button>
    </Group>
  )
  return (
    <ListPage
      title={t('title')}
      action={create}
      filters={useFilters()}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns()}
      {...bulk}
      none={
        <EmptyState title={t('none')} action={create}>
          {t('noneHint')}
        </EmptyState>
      }
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {creating && <CreateDialog onClose={dialog.close} />}
      {copying && <TemplateDialog onClose={templates.close} />}
    </ListPage>
  )
}

function useFilters(): readonly Filter[] {
  const t = useTexts(dagsTexts)
  return [
    { key: 'q', label: t('search'), kind: 'text' },
    { key: 'owner', label: t('owner'), kind: 'text', width: 140 },
    { key: 'enabled', label: t('enabled'), kind: 'flag', width: 110 },
    { key: 'paused', label: t('paused'), kind: 'flag', width: 110 },
    { key: 'active', label: t('hasActive'), kind: 'flag', width: 170 },
    { key: 'label', label: t('labels'), kind: 'text', width: 150 },
  ]
}

function useColumns(): readonly Column<DagRow>[] {
  const t = useTexts(dagsTexts)
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (dag) => (
        <Group gap={6}>
          <TenantLink to={`dags/${dag.code}`}>{dag.code}</TenantLink>
          {dag.name !== dag.code && (
            <Text size="xs" c="dimmed" className="foreign">
              {dag.name}
            </Text>
          )}
        </Group>
      ),
    },
    { id: 'state', header: t('state'), cell: (dag) => t(dag.paused ? 'paused' : dag.enabled ? 'enabled' : 'disabled') },
    {
      id: 'active',
      header: t('active'),
      cell: ({ active }) => (active === null ? t('noActive') : t('version', { number: active })),
    },
    {
      id: 'last',
      header: t('lastRun'),
      cell: ({ lastRun }) =>
        lastRun === null ? (
          <Text size="sm" c="dimmed">
            {t('never')}
          </Text>
        ) : (
          <Group gap={6}>
            <StateBadge state={lastRun.state} />
            <TenantLink to={`runs/${lastRun.id}`}>#{lastRun.id}</TenantLink>
          </Group>
        ),
    },
    { id: 'next', header: t('nextFire'), wide: true, cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
    { id: 'owner', header: t('owner'), wide: true, cell: ({ owner }) => <span className="foreign">{owner}</span> },
  ]
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  const { draft, fields } = useDraft(() => ({ code: '', name: '', description: '', owner: '', labels: '' }))
  const labels = labelsOf(draft.labels)
  return (
    <FormDialog
      title={t('create')}
      submit={t('createDo')}
      onClose={onClose}
      onSubmit={() => {
        const { code, name, description, owner } = draft
        return api.dags.create({ body: { code, name: name === '' ? code : name, description, owner, labels: labels ?? {} } })
      }}
      onDone={(dag) => void navigate({ to: '/t/$tenant/dags/$dag/edit', params: { tenant, dag: dag.code } })}
    >
      {(problem) => {
        const { text } = fields(problem)
        return (
          <>
            <Text size="sm" c="dimmed">
              {t('createHint')}
            </Text>
            <TextInput label={t('code')} description={t('codeHint')} required data-autofocus {...text('code')} />
            <TextInput label={t('name')} {...text('name')} />
            <Textarea label={t('description')} autosize {...text('description')} />
            <TextInput label={t('owner')} {...text('owner')} />
            <LabelsField {...text('labels')} />
          </>
        )
      }}
    </FormDialog>
  )
}
