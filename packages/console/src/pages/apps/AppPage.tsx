import type { AppView } from '@carillon/contract'
import { Button, Stack, Table, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { PageTabs } from '../../components/PageTabs.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { AppForm } from './AppForm.tsx'
import { AppState } from './AppState.tsx'
import { appsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/apps/$app')

export function AppPage() {
  const { app } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['apps', code, app],
    queryFn: ({ signal }) => api.apps.get({ params: { app } }, { signal }),
  })
  if (found.error !== null && found.data === undefined)
    return <ErrorPanel level={1} error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return <Loading />
  return <Found key={found.data.id} app={found.data} />
}

function Found({ app }: { app: AppView }) {
  const t = useTexts(appsTexts)
  const { api, code, can } = useTenant()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const [dialog, open] = useState<'edit' | 'remove' | null>(null)
  const writable = can('app.write')
  return (
    <>
      <PageHeader title={app.code} hint={app.name} beside={<AppState app={app} />}>
        <Button variant="default" component={Link} to={`/t/${code}/executors?app=${app.code}`}>
          {t('toExecutors')}
        </Button>
        {writable && (
          <>
            <Button variant="default" onClick={() => open('edit')}>
              {t('edit')}
            </Button>
            <Button variant="default" onClick={() => open('remove')}>
              {t('remove')}
            </Button>
          </>
        )}
      </PageHeader>
      <PageTabs
        label={app.code}
        tabs={[
          { value: 'overview', label: t('overview'), content: <Overview app={app} /> },
          {
            value: 'history',
            label: t('history'),
            content: (
              <Revisions
                queryKey={['apps', code, app.code]}
                list={(cursor) => api.apps.revisions({ params: { app: app.id }, query: given({ cursor }) })}
                {...(writable
                  ? {
                      restore: (revision: number) =>
                        api.apps.restore({ params: { app: app.id }, body: { version: app.version, revision } }),
                    }
                  : {})}
              />
            ),
          },
        ]}
      />
      {dialog === 'edit' && (
        <AppForm
          app={app}
          onClose={() => open(null)}
          onDone={(saved) => {
            open(null)
            if (saved.code !== app.code) void navigate({ to: '/t/$tenant/apps/$app', params: { tenant: code, app: saved.code } })
          }}
        />
      )}
      <ConfirmDialog
        opened={dialog === 'remove'}
        onClose={() => open(null)}
        title={t('removeTitle', { code: app.code })}
        confirm={t('remove')}
        danger
        onConfirm={async () => {
          await api.apps.remove({ params: { app: app.id } })
          await navigate({ to: '/t/$tenant/apps', params: { tenant: code } })
          client.removeQueries({ queryKey: ['apps', code] })
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </>
  )
}

function Overview({ app }: { app: AppView }) {
  const t = useTexts(appsTexts)
  return (
    <Stack>
      {app.description !== '' && <Text className="foreign">{app.description}</Text>}
      <Facts
        facts={[
          [t('executors'), t('executorsOf', { ...app.executors })],
          [t('rate'), app.ratePerSecond ?? t('noLimit')],
          [t('shared'), t(app.shared ? 'yes' : 'no')],
          [t('version'), app.version],
          [t('created'), <Time key="created" at={app.createdAt} />],
          [t('updated'), <Time key="updated" at={app.updatedAt} />],
        ]}
      />
      <Text component="h2" fw={600}>
        {t('rules')}
      </Text>
      {app.capacity.length === 0 ? <Text c="dimmed">{t('noRules')}</Text> : <Rules rules={app.capacity} />}
    </Stack>
  )
}

type Rule = AppView['capacity'][number]

function Rules({ rules }: { rules: readonly Rule[] }) {
  const t = useTexts(appsTexts)
  return (
    <>
      <Text c="dimmed" size="sm">
        {t('rulesHint')}
      </Text>
      <Table borderColor="var(--hairline)" aria-label={t('rules')} maw={900}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('ruleFor')}</Table.Th>
            <Table.Th>{t('on')}</Table.Th>
            <Table.Th ta="right">{t('limit')}</Table.Th>
            <Table.Th ta="right">{t('reserve')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rules.map((rule) => (
            <RuleRow key={JSON.stringify(rule)} rule={rule} />
          ))}
        </Table.Tbody>
      </Table>
      <Text component="h2" fw={600}>
        {t('asJson')}
      </Text>
      <JsonView value={rules} label={t('asJson')} />
    </>
  )
}

function RuleRow({ rule }: { rule: Rule }) {
  const t = useTexts(appsTexts)
  const kind = (['task', 'label', 'tenant'] as const).find((each) => rule[each] !== undefined)
  return (
    <Table.Tr>
      <Table.Td className="foreign">{kind === undefined ? '' : t(kind, { name: rule[kind] })}</Table.Td>
      <Table.Td className="foreign">
        {rule.executor === undefined ? t('all') : rule.executor === '*' ? t('each') : rule.executor}
      </Table.Td>
      <Table.Td ta="right">{rule.limit ?? '–'}</Table.Td>
      <Table.Td ta="right">{rule.reserve ?? '–'}</Table.Td>
    </Table.Tr>
  )
}
