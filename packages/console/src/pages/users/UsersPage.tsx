import type { User } from '@carillon/contract'
import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { platformApi } from '../../api/session.ts'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar } from '../../components/FilterBar.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { FormFields, type FieldSpec, type FormValues } from '../../components/FormFields.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { componentTexts } from '../../components/text.ts'
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
  const setSearch = useSetSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog | null>(null)
  const list = useLiveList<User>(null, {
    queryKey: [...KEY, search],
    page: (cursor, signal) => platformApi.users.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
    live: false,
  })
  const changed = () => client.invalidateQueries({ queryKey: KEY })
  const give = async (user: User) => {
    const { password } = await platformApi.users.resetPassword({ params: { user: user.id } })
    await changed()
    open({ kind: 'password', login: user.login, password })
  }
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        <Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>
      </PageHeader>
      <FilterBar filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]} values={search} onChange={setSearch} />
      <DataTable<User>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns(open)}
        empty={<EmptyState title={search.q === undefined ? t('none') : t('noMatch')} />}
      />
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
      {dialog?.kind === 'password' && <Password login={dialog.login} password={dialog.password} onClose={() => open(null)} />}
      <Questions dialog={dialog} onClose={() => open(null)} give={give} changed={changed} />
    </>
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
        <Group gap={4}>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('editLogin', { login: user.login })}
            onClick={() => open({ kind: 'edit', user })}
          >
            {t('edit')}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('resetLogin', { login: user.login })}
            onClick={() => open({ kind: 'reset', user })}
          >
            {t('reset')}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('removeLogin', { login: user.login })}
            onClick={() => open({ kind: 'remove', user })}
          >
            {t('remove')}
          </Button>
        </Group>
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
  const [values, setValues] = useState<FormValues>({
    login: '',
    name: user?.name ?? '',
    platformAdmin: user?.platformAdmin ?? false,
    disabled: user?.disabled ?? false,
  })
  const send = () => {
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
    <FormDialog
      title={user === null ? t('create') : t('editLogin', { login: user.login })}
      submit={user === null ? t('createDo') : t('save')}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    >
      {(problem) => (
        <FormFields
          fields={
            user === null
              ? [{ key: 'login', label: t('login'), hint: t('loginHint'), required: true }, ...common]
              : [...common, { key: 'disabled', label: t('disable'), kind: 'flag' }]
          }
          values={values}
          onChange={setValues}
          problem={problem}
        />
      )}
    </FormDialog>
  )
}

/** Shown this once. */
function Password({ login, password, onClose }: { login: string; password: string; onClose: () => void }) {
  const t = useTexts(usersTexts)
  const c = useTexts(componentTexts)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('passwordTitle', { login })}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': c('close') }}
    >
      <Stack>
        <Text>{t('passwordHint')}</Text>
        <Group gap={4}>
          <Code>{password}</Code>
          <CopyButton text={password} />
        </Group>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('done')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
