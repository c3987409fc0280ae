import type { AppView } from '@carillon/contract'
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { TwoLines } from '../../components/TwoLines.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { AppForm } from './AppForm.tsx'
import { AppState } from './AppState.tsx'
import { appsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/apps')

export function AppsPage() {
  const t = useTexts(appsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [creating, dialog] = useDisclosure()
  const list = useLiveList<AppView>(null, {
    queryKey: ['apps', code, search],
    page: (cursor, signal) => api.apps.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={can('app.write') && <Button onClick={dialog.open}>{t('create')}</Button>}
      filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns()}
      none={<EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {creating && (
        <AppForm
          app={null}
          onClose={dialog.close}
          onDone={(app) => void navigate({ to: '/t/$tenant/apps/$app', params: { tenant: code, app: app.code } })}
        />
      )}
    </ListPage>
  )
}

function useColumns(): readonly Column<AppView>[] {
  const t = useTexts(appsTexts)
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (app) => (
        <TwoLines under={app.name}>
          <TenantLink to={`apps/${app.code}`}>{app.code}</TenantLink>
        </TwoLines>
      ),
    },
    { id: 'state', header: t('state'), cell: (app) => <AppState app={app} /> },
    { id: 'executors', header: t('executors'), cell: ({ executors }) => t('executorsOf', { ...executors }) },
    { id: 'rate', header: t('rate'), wide: true, cell: ({ ratePerSecond }) => ratePerSecond ?? t('noLimit') },
    { id: 'shared', header: t('shared'), wide: true, cell: ({ shared }) => t(shared ? 'yes' : 'no') },
    { id: 'updated', header: t('updated'), wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
}
