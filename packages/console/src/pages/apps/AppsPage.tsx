import type { AppView } from '@carillon/contract'
import { Anchor, Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar } from '../../components/FilterBar.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { AppForm } from './AppForm.tsx'
import { AppState } from './AppState.tsx'
import { appsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/apps')

export function AppsPage() {
  const t = useTexts(appsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const [creating, dialog] = useDisclosure()
  const list = useLiveList<AppView>(null, {
    queryKey: ['apps', code, search],
    page: (cursor, signal) => api.apps.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        {can('app.write') && <Button onClick={dialog.open}>{t('create')}</Button>}
      </PageHeader>
      <FilterBar filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]} values={search} onChange={setSearch} />
      <DataTable<AppView>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns()}
        empty={
          search.q === undefined ? (
            <EmptyState title={t('none')}>{t('noneHint')}</EmptyState>
          ) : (
            <EmptyState title={t('noMatch')} />
          )
        }
      />
      {creating && (
        <AppForm
          app={null}
          onClose={dialog.close}
          onDone={(app) => void navigate({ to: '/t/$tenant/apps/$app', params: { tenant: code, app: app.code } })}
        />
      )}
    </>
  )
}

function useColumns(): readonly Column<AppView>[] {
  const t = useTexts(appsTexts)
  const { code } = useTenant()
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (app) => (
        <div>
          <Anchor component={Link} to={`/t/${code}/apps/${app.code}`} size="sm" className="foreign">
            {app.code}
          </Anchor>
          <Text size="xs" c="dimmed" className="foreign">
            {app.name}
          </Text>
        </div>
      ),
    },
    { id: 'state', header: t('state'), cell: (app) => <AppState app={app} /> },
    { id: 'executors', header: t('executors'), cell: ({ executors }) => t('executorsOf', { ...executors }) },
    { id: 'rate', header: t('rate'), wide: true, cell: ({ ratePerSecond }) => ratePerSecond ?? t('noLimit') },
    { id: 'shared', header: t('shared'), wide: true, cell: ({ shared }) => t(shared ? 'yes' : 'no') },
    { id: 'updated', header: t('updated'), wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
}
