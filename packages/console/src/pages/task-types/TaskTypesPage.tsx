import type { TaskType } from '@carillon/contract'
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { flagOf, given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import type { Filter } from '../../components/FilterBar.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { fieldOf } from '../../components/schema-form/schema.ts'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { TwoLines } from '../../components/TwoLines.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { TaskTypeForm } from './TaskTypeForm.tsx'
import { taskTypesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/task-types')

export function TaskTypesPage() {
  const t = useTexts(taskTypesTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
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
    everyMs: BY_PEOPLE_MS,
  })
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={can('definition.write') && <Button onClick={dialog.open}>{t('create')}</Button>}
      filters={useFilters()}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns()}
      none={
        <EmptyState title={t('none')} command="carillon executor">
          {t('noneHint')}
        </EmptyState>
      }
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {creating && (
        <TaskTypeForm
          type={null}
          onClose={dialog.close}
          onDone={(type) => void navigate({ to: '/t/$tenant/task-types/$type', params: { tenant: code, type: type.code } })}
        />
      )}
    </ListPage>
  )
}

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
    { key: 'enabled', label: t('enabled'), kind: 'flag', width: 120 },
  ]
}

function useColumns(): readonly Column<TaskType>[] {
  const t = useTexts(taskTypesTexts)
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (type) => (
        <TwoLines under={type.name}>
          <TenantLink to={`task-types/${type.code}`}>{type.code}</TenantLink>
        </TwoLines>
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
