import type { User } from '@carillon/contract'
import { Button, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { platformApi } from '../../api/session.ts'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import type { FieldSpec, FormValues } from '../../components/FormFields.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { ShownOnce } from '../../components/ShownOnce.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { usersTexts } from './text.ts'

const route = getRouteApi('/platform/users')
const KEY = ['users'] as const

type Dialog =
  | { readonly kind: 'create' }
  | { readonly kind: 'edit' | 'reset' | 'remove'; readonly user: User }
  | { readonly kind: 'password'; readonly login: string; readonly password: string }

export function UsersPage() {
  const t = useTexts(usersTexts)
  const search = route.useSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog | null>(null)
  const list = useLiveList<User>(null, {
    queryKey: [...KEY, search],
    page: (cursor, signal) => platformApi.users.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const changed = () => client.invalidateQueries({ queryKey: KEY })
  const give = async (user: User) => {
    const { password } = await platformApi.users.resetPassword({ params: { user: user.id } })
    await changed()
    open({ kind: 'password', login: user.login, password })
  }
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={<Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>}
      filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(open)}
      none={<EmptyState title={t('none')} />}
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {dialog?.kind === 'create' && <UserForm user={null} onClose={() => open(null)} onDone={(user) => void give(user)} />}
      {dialog?.kind === 'edit' && (
        <UserForm
          user={dialog.user}
          onClose={() => open(null)}
          onDone={() => {
            open(null)
            void changed()
          }}
        />
      )}
      {dialog?.kind === 'password' && (
        <ShownOnce
          title={t('passwordTitle', { login: dialog.login })}
          hint={t('passwordHint')}
          secret={dialog.password}
          done={t('done')}
          onClose={() => open(null)}
        />
      )}
      <Questions dialog={dialog} onClose={() => open(null)} give={give} changed={changed} />
    </ListPage>
  )
}

interface QuestionsProps {
  readonly dialog: Dialog | null
  readonly onClose: () => void
  readonly give: (user: User) => Promise<void>
  readonly changed: () => Promise<void>
}

function Questions({ dialog, onClose, give, changed }: QuestionsProps) {
  const t = useTexts(usersTexts)
  if (dialog?.kind === 'reset')
    return (
      <FormDialog
        title={t('resetTitle', { login: dialog.user.login })}
        submit={t('reset')}
        onClose={onClose}
        onSubmit={() => give(dialog.user)}
        onDone={() => undefined}
      >
        {() => <Text>{t('resetHint')}</Text>}
      </FormDialog>
    )
  return (
    <ConfirmDialog
      opened={dialog?.kind === 'remove'}
      onClose={onClose}
      title={t('removeTitle', { login: dialog?.kind === 'remove' ? dialog.user.login : '' })}
      confirm={t('remove')}
      danger
      {...(dialog?.kind === 'remove' ? { word: dialog.user.login } : {})}
      onConfirm={async () => {
        if (dialog?.kind === 'remove') await platformApi.users.remove({ params: { user: dialog.user.id } })
        await changed()
      }}
    >
      {t('removeHint')}
    </ConfirmDialog>
  )
}

function useColumns(open: (dialog: Dialog) => void): readonly Column<User>[] {
  const t = useTexts(usersTexts)
  const stateOf = ({ disabled, hasPassword, mustChangePassword }: User) => {
    if (disabled) return t('disabled')
    if (!hasPassword) return t('noPassword')
    return mustChangePassword ? t('mustChange') : t('active')
  }
  return [
    { id: 'login', header: t('login'), cell: ({ login }) => <span className="foreign">{login}</span> },
    {
      id: 'name',
      header: t('name'),
      cell: ({ name, platformAdmin }) => (
        <div>
          <span className="foreign">{name}</span>
          {platformAdmin && (
            <Text size="xs" c="dimmed">
              {t('platformAdmin')}
            </Text>
          )}
        </div>
      ),
    },
    { id: 'state', header: t('state'), cell: stateOf },
    { id: 'created', header: t('created'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      id: 'actions',
      header: t('actions'),
      cell: (user) => (
        <RowActions
          actions={[
            { word: t('edit'), label: t('editLogin', { login: user.login }), act: () => open({ kind: 'edit', user }) },
            { word: t('reset'), label: t('resetLogin', { login: user.login }), act: () => open({ kind: 'reset', user }) },
            { word: t('remove'), label: t('removeLogin', { login: user.login }), act: () => open({ kind: 'remove', user }) },
          ]}
        />
      ),
    },
  ]
}

interface UserFormProps {
  readonly user: User | null
  readonly onClose: () => void
  readonly onDone: (user: User) => void
}

function UserForm({ user, onClose, onDone }: UserFormProps) {
  const t = useTexts(usersTexts)
  const initial: FormValues = {
    login: '',
    name: user?.name ?? '',
    platformAdmin: user?.platformAdmin ?? false,
    disabled: user?.disabled ?? false,
  }
  const send = (values: FormValues) => {
    const name = String(values['name'])
    const body = { ...(name === '' ? {} : { name }), platformAdmin: values['platformAdmin'] === true }
    return user === null
      ? platformApi.users.create({ body: { ...body, login: String(values['login']) } })
      : platformApi.users.update({
          params: { user: user.id },
          body: { ...body, version: user.version, disabled: values['disabled'] === true },
        })
  }
  const common: readonly FieldSpec[] = [
    { key: 'name', label: t('name') },
    { key: 'platformAdmin', label: t('platformAdmin'), hint: t('platformAdminHint'), kind: 'flag' },
  ]
  return (
    <FieldsDialog
      title={user === null ? t('create') : t('editLogin', { login: user.login })}
      submit={user === null ? t('createDo') : t('save')}
      fields={
        user === null
          ? [{ key: 'login', label: t('login'), hint: t('loginHint'), required: true }, ...common]
          : [...common, { key: 'disabled', label: t('disable'), kind: 'flag' }]
      }
      initial={initial}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    />
  )
}
