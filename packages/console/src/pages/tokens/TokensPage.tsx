import type { Token } from '@carillon/contract'
import type { Role } from '@carillon/core'
import { Button, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { flagOf, given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { momentOf } from '../../components/FormFields.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { roleTexts } from '../../components/roles.ts'
import { RowActions } from '../../components/RowActions.tsx'
import { ShownOnce } from '../../components/ShownOnce.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { tokensTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/tokens')
const ROLES = ['owner', 'admin', 'developer', 'operator', 'viewer', 'executor'] as const satisfies Role[]

type Created = Token & { readonly secret: string }

export function TokensPage() {
  const t = useTexts(tokensTexts)
  const r = useTexts(roleTexts)
  const { code, api, can } = useTenant()
  const client = useQueryClient()
  const search = route.useSearch()
  const [creating, dialog] = useDisclosure()
  const [created, setCreated] = useState<Created | null>(null)
  const [revoking, setRevoking] = useState<Token | null>(null)
  const list = useLiveList<Token>(null, {
    queryKey: ['tokens', code, search],
    page: (cursor, signal) => {
      const { role, revoked } = search
      const flags = { revoked: flagOf(revoked) }
      return api.tokens.list({ query: given({ role: role as Role | undefined, ...flags, cursor }) }, { signal })
    },
    idOf: ({ id }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const changed = () => client.invalidateQueries({ queryKey: ['tokens', code] })
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={can('token.manage') && <Button onClick={dialog.open}>{t('create')}</Button>}
      filters={[
        { key: 'role', label: t('role'), kind: 'one', options: ROLES.map((value) => ({ value, label: r(value) })), width: 150 },
        { key: 'revoked', label: t('onlyRevoked'), kind: 'flag', width: 120 },
      ]}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(setRevoking)}
      none={<EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      noMatch={<EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
    >
      {creating && (
        <NewToken
          onClose={dialog.close}
          onDone={(token) => {
            dialog.close()
            setCreated(token)
            void changed()
          }}
        />
      )}
      {created !== null && <Secret token={created} onClose={() => setCreated(null)} />}
      <ConfirmDialog
        opened={revoking !== null}
        onClose={() => setRevoking(null)}
        title={t('revokeTitle', { name: revoking?.name })}
        confirm={t('revoke')}
        danger
        onConfirm={() => api.tokens.revoke({ params: { token: revoking!.id } }).then(changed)}
      >
        {t('revokeHint')}
      </ConfirmDialog>
    </ListPage>
  )
}

function useColumns(revoke: (token: Token) => void): readonly Column<Token>[] {
  const t = useTexts(tokensTexts)
  const r = useTexts(roleTexts)
  return [
    { id: 'name', header: t('name'), cell: ({ name }) => <span className="foreign">{name}</span> },
    {
      id: 'role',
      header: t('role'),
      cell: ({ role, app, platformAdmin }) => (
        <span className="foreign">
          {r(role)}
          {app === null ? '' : ` · ${app.code}`}
          {platformAdmin ? ` · ${t('platform')}` : ''}
        </span>
      ),
    },
    { id: 'state', header: t('state'), cell: (token) => t(stateOf(token)) },
    { id: 'expires', header: t('expires'), cell: ({ expiresAt }) => (expiresAt === null ? t('never') : <Time at={expiresAt} />) },
    { id: 'created', header: t('created'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    { id: 'by', header: t('by'), wide: true, cell: ({ createdBy }) => <span className="foreign">{createdBy}</span> },
    {
      id: 'revoke',
      header: t('revoke'),
      width: '100px',
      cell: (token) =>
        token.revokedAt === null && (
          <RowActions actions={[{ word: t('revoke'), label: t('revokeName', { name: token.name }), act: () => revoke(token) }]} />
        ),
    },
  ]
}

function stateOf({ revokedAt, expiresAt }: Token): 'revoked' | 'expired' | 'valid' {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= Date.now() ? 'expired' : 'valid'
}

function NewToken({ onClose, onDone }: { onClose: () => void; onDone: (token: Created) => void }) {
  const t = useTexts(tokensTexts)
  const r = useTexts(roleTexts)
  const { api, code } = useTenant()
  const apps = useQuery({ queryKey: ['apps', code, 'choices'], queryFn: () => api.apps.list({ query: { limit: 200 } }) })
  return (
    <FieldsDialog
      title={t('create')}
      submit={t('createDo')}
      fields={[
        { key: 'name', label: t('name'), hint: t('nameHint'), required: true },
        {
          key: 'role',
          label: t('role'),
          kind: 'choice',
          required: true,
          options: ROLES.map((value) => ({ value, label: r(value) })),
        },
        {
          key: 'app',
          label: t('app'),
          hint: t('appHint'),
          kind: 'choice',
          options: (apps.data?.items ?? []).map((app) => ({ value: app.code, label: app.code })),
        },
        { key: 'expiresAt', label: t('expires'), hint: t('expiresHint'), kind: 'moment' },
      ]}
      initial={{ name: '', role: 'viewer', app: '', expiresAt: '' }}
      onClose={onClose}
      onDone={onDone}
      onSubmit={(values) => {
        const app = values['app'] === '' ? undefined : String(values['app'])
        const expiresAt = momentOf(values['expiresAt'])
        const body = { name: String(values['name']), role: values['role'] as Role, ...given({ app, expiresAt }) }
        return api.tokens.create({ body })
      }}
    />
  )
}

function Secret({ token, onClose }: { token: Created; onClose: () => void }) {
  const t = useTexts(tokensTexts)
  const command = `curl -H 'authorization: Bearer ${token.secret}' ${window.location.origin}/api/v1/runs?limit=1`
  return (
    <ShownOnce
      title={t('secretTitle', { name: token.name })}
      hint={t('secretHint')}
      secret={token.secret}
      done={t('done')}
      size="lg"
      onClose={onClose}
    >
      <Group gap={4}>
        <Text size="sm">{t('tryIt')}</Text>
        <CopyButton text={command} label={t('tryIt')} />
      </Group>
    </ShownOnce>
  )
}
