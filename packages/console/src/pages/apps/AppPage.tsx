import type { AppView } from '@carillon/contract'
import { Stack, Table, Text } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { Facts } from '../../components/Facts.tsx'
import { Found } from '../../components/Found.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
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
  return <Found query={found}>{(view) => <AppDetail app={view} />}</Found>
}

function AppDetail({ app }: { app: AppView }) {
  const t = useTexts(appsTexts)
  const { api, code, can } = useTenant()
  const navigate = route.useNavigate()
  const [dialog, open] = useState<'edit' | 'remove' | null>(null)
  const close = () => open(null)
  const params = { app: app.id }
  const writable = can('app.write')
  return (
    <ObjectPage
      title={app.code}
      hint={app.name}
      beside={<AppState app={app} />}
      actions={[
        { name: 'toExecutors', word: t('toExecutors'), to: `/t/${code}/executors?app=${app.code}` },
        writable && { name: 'edit', word: t('edit'), act: () => open('edit') },
        writable && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
      tabs={[
        { value: 'overview', label: t('overview'), content: <Overview app={app} /> },
        {
          value: 'history',
          label: t('history'),
          content: (
            <Revisions
              queryKey={['apps', code, app.code]}
              list={(query) => api.apps.revisions({ params, query })}
              restore={(revision) => api.apps.restore({ params, body: { version: app.version, revision } })}
              mayRestore={writable}
            />
          ),
        },
      ]}
    >
      {dialog === 'edit' && (
        <AppForm
          app={app}
          onClose={close}
          onDone={(saved) => {
            close()
            if (saved.code !== app.code) void navigate({ to: '/t/$tenant/apps/$app', params: { tenant: code, app: saved.code } })
          }}
        />
      )}
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: app.code })}
        confirm={t('remove')}
        list="apps"
        remove={() => api.apps.remove({ params })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </ObjectPage>
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
