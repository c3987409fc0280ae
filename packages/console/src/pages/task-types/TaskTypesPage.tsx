import type { TaskType } from '@carillon/contract'
import { Anchor, Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar, type Filter } from '../../components/FilterBar.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { fieldOf } from '../../components/schema-form/schema.ts'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { TaskTypeForm } from './TaskTypeForm.tsx'
import { taskTypesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/task-types')

export function TaskTypesPage() {
  const t = useTexts(taskTypesTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const [creating, dialog] = useDisclosure()
  const list = useLiveList<TaskType>(null, {
    queryKey: ['task-types', code, search],
    page: (cursor, signal) => {
      const { q, kind, app, shared, enabled } = search
      const flags = { shared: flagOf(shared), enabled: flagOf(enabled) }
      return api.taskTypes.list({ query: given({ q, kind, app, ...flags, cursor }) }, { signal })
    },
    idOf: ({ id }) => id,
    live: false,
  })
  const filtered = Object.values(search).some((value) => value !== undefined)
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        {can('definition.write') && <Button onClick={dialog.open}>{t('create')}</Button>}
      </PageHeader>
      <FilterBar filters={useFilters()} values={search} onChange={setSearch} />
      <DataTable
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns()}
        empty={
          filtered ? (
            <EmptyState title={t('noMatch')} />
          ) : (
            <EmptyState title={t('none')} command="carillon executor">
              {t('noneHint')}
            </EmptyState>
          )
        }
      />
      {creating && (
        <TaskTypeForm
          type={null}
          onClose={dialog.close}
          onDone={(type) => void navigate({ to: '/t/$tenant/task-types/$type', params: { tenant: code, type: type.code } })}
        />
      )}
    </>
  )
}

const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true')

function useFilters(): readonly Filter[] {
  const t = useTexts(taskTypesTexts)
  return [
    { key: 'q', label: t('search'), kind: 'text', width: 220 },
    { key: 'kind', label: t('kind'), kind: 'text', width: 140 },
    {
      key: 'shared',
      label: t('shared'),
      kind: 'one',
      options: [
        { value: 'false', label: t('ofTenant') },
        { value: 'true', label: t('ofPlatform') },
      ],
      width: 150,
    },
    {
      key: 'enabled',
      label: t('enabled'),
      kind: 'one',
      options: [
        { value: 'true', label: t('yes') },
        { value: 'false', label: t('no') },
      ],
      width: 120,
    },
  ]
}

function useColumns(): readonly Column<TaskType>[] {
  const t = useTexts(taskTypesTexts)
  const { code } = useTenant()
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (type) => (
        <div>
          <Anchor component={Link} to={`/t/${code}/task-types/${type.code}`} size="sm" className="foreign">
            {type.code}
          </Anchor>
          <Text size="xs" c="dimmed" className="foreign">
            {type.name}
          </Text>
        </div>
      ),
    },
    { id: 'kind', header: t('kind'), cell: ({ kind }) => kind },
    { id: 'app', header: t('app'), cell: ({ app }) => <span className="foreign">{app?.code ?? t('noApp')}</span> },
    {
      id: 'parameters',
      header: t('parameters'),
      wide: true,
      cell: ({ paramsSchema }) => {
        const field = paramsSchema === null ? null : fieldOf(paramsSchema)
        return field?.kind === 'object' ? t('parameterCount', { count: field.properties.length }) : t('anyParameters')
      },
    },
    { id: 'shared', header: t('shared'), wide: true, cell: ({ shared }) => t(shared ? 'ofPlatform' : 'ofTenant') },
    { id: 'enabled', header: t('enabled'), wide: true, cell: ({ enabled }) => t(enabled ? 'yes' : 'no') },
    { id: 'updated', header: t('updated'), wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
}
