import type { SessionItem } from '@carillon/contract'
import { Anchor, Button, Select, Stack, Switch, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { platformApi } from '../../api/session.ts'
import { PasswordForm } from '../../app/PasswordForm.tsx'
import { preferences, setPreferences, usePreferences } from '../../app/preferences.ts'
import { SessionGate } from '../../app/SessionGate.tsx'
import { useSession } from '../../app/session.tsx'
import { Frame } from '../../app/Shell.tsx'
import { useZoneChoices } from '../../app/zone-choices.ts'
import { DataTable } from '../../components/DataTable.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { roleTexts } from '../../components/roles.ts'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { meTexts } from './text.ts'

export function MePage() {
  return (
    <SessionGate>
      <Frame tenant={preferences().lastTenant}>
        <Me />
      </Frame>
    </SessionGate>
  )
}

function Me() {
  const t = useTexts(meTexts)
  const { user } = useSession()
  const { shortcuts } = usePreferences()
  return (
    <>
      <PageHeader title={t('title')} hint={`${user.name} (${user.login})`} />
      <Stack gap="xl" maw={900}>
        <section>
          <Title order={2} mb="xs">
            {t('memberships')}
          </Title>
          <Memberships />
        </section>
        <section>
          <Title order={2} mb="xs">
            {t('password')}
          </Title>
          <PasswordForm />
        </section>
        <section>
          <Title order={2} mb="xs">
            {t('sessions')}
          </Title>
          <Sessions />
        </section>
        <section>
          <Title order={2} mb="xs">
            {t('preferences')}
          </Title>
          <Stack gap="sm">
            <ZoneSelect />
            <Switch
              label={t('shortcuts')}
              checked={shortcuts}
              onChange={({ currentTarget }) => setPreferences({ shortcuts: currentTarget.checked })}
            />
          </Stack>
        </section>
      </Stack>
    </>
  )
}

function ZoneSelect() {
  const { label, zone, choices, choose } = useZoneChoices()
  return (
    <Select
      maw={360}
      {...{ label, data: choices, value: zone }}
      allowDeselect={false}
      onChange={(next) => next !== null && choose(next)}
    />
  )
}

function Memberships() {
  const t = useTexts(meTexts)
  const r = useTexts(roleTexts)
  const { memberships } = useSession()
  if (memberships.length === 0) return <Text c="dimmed">{t('none')}</Text>
  return memberships.map(({ tenant, role }) => (
    <Text key={tenant.code}>
      <Anchor component={Link} to={`/t/${tenant.code}`} size="sm" className="foreign">
        {tenant.name}
      </Anchor>{' '}
      · {r(role)}
    </Text>
  ))
}

function Sessions() {
  const t = useTexts(meTexts)
  const client = useQueryClient()
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => platformApi.sessions.list() })
  const end = async (session: SessionItem) => {
    await platformApi.sessions.end({ params: { session: session.id } })
    await client.invalidateQueries({ queryKey: ['sessions'] })
  }
  return (
    <DataTable<SessionItem>
      label={t('sessions')}
      list={{
        rows: sessions.data?.items ?? [],
        pending: sessions.isPending,
        error: sessions.error,
        retry: () => void sessions.refetch(),
      }}
      idOf={({ id }) => id}
      empty={null}
      columns={[
        { id: 'address', header: t('address'), cell: ({ address }) => address },
        { id: 'agent', header: t('agent'), wide: true, cell: ({ agent }) => <span className="foreign">{agent}</span> },
        { id: 'since', header: t('since'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
        { id: 'seen', header: t('seen'), cell: ({ seenAt }) => <Time at={seenAt} /> },
        {
          id: 'end',
          header: t('end'),
          cell: (session) =>
            session.current ? (
              t('this')
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t('endOne', { address: session.address })}
                onClick={() => void end(session)}
              >
                {t('end')}
              </Button>
            ),
        },
      ]}
    />
  )
}
