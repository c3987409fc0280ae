import type { Member } from '@carillon/contract'
import { Button, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { useSession, useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ProblemAlert } from '../../components/ErrorPanel.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { roleTexts } from '../../components/roles.ts'
import { RowActions } from '../../components/RowActions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { membersTexts } from './text.ts'

type MemberRole = Member['role']
const ROLES = ['owner', 'admin', 'developer', 'operator', 'viewer'] as const satisfies MemberRole[]

export function MembersPage() {
  const t = useTexts(membersTexts)
  const r = useTexts(roleTexts)
  const { code, api } = useTenant()
  const { user } = useSession()
  const client = useQueryClient()
  const [adding, dialog] = useDisclosure()
  const [removing, setRemoving] = useState<string | null>(null)
  const list = useLiveList<Member>(null, {
    queryKey: ['members', code],
    page: (cursor, signal) => api.members.list({ query: given({ cursor }) }, { signal }),
    idOf: ({ user: { id } }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const changed = () => client.invalidateQueries({ queryKey: ['members', code] })
  const giving = useMutation({
    mutationFn: ({ login, role }: { login: string; role: MemberRole }) => api.members.set({ params: { login }, body: { role } }),
    onSettled: changed,
  })
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        {user.platformAdmin && <Button onClick={dialog.open}>{t('add')}</Button>}
      </PageHeader>
      <ProblemAlert error={giving.error} />
      <DataTable<Member>
        label={t('title')}
        list={list}
        idOf={({ user: { id } }) => id}
        empty={<EmptyState title={t('none')} />}
        columns={[
          { id: 'login', header: t('login'), cell: (member) => <span className="foreign">{member.user.login}</span> },
          { id: 'name', header: t('name'), cell: (member) => <span className="foreign">{member.user.name}</span> },
          {
            id: 'role',
            header: t('role'),
            width: '180px',
            cell: ({ user: { login }, role }) => (
              <Select
                size="xs"
                aria-label={t('roleOf', { login })}
                data={ROLES.map((value) => ({ value, label: r(value) }))}
                value={role}
                allowDeselect={false}
                onChange={(next) => next !== null && giving.mutate({ login, role: next })}
              />
            ),
          },
          { id: 'since', header: t('since'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
          {
            id: 'remove',
            header: t('remove'),
            width: '100px',
            cell: ({ user: { login } }) => (
              <RowActions actions={[{ word: t('remove'), label: t('removeLogin', { login }), act: () => setRemoving(login) }]} />
            ),
          },
        ]}
      />
      {adding && (
        <AddMember
          onClose={dialog.close}
          onDone={() => {
            dialog.close()
            void changed()
          }}
        />
      )}
      <ConfirmDialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t('removeTitle', { login: removing })}
        confirm={t('remove')}
        danger
        onConfirm={() => api.members.remove({ params: { login: removing! } }).then(changed)}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </>
  )
}

function AddMember({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const t = useTexts(membersTexts)
  const { api } = useTenant()
  return (
    <FieldsDialog
      title={t('add')}
      submit={t('addDo')}
      fields={[
        { key: 'login', label: t('login'), hint: t('loginHint'), required: true },
        {
          key: 'role',
          label: t('role'),
          kind: 'choice',
          required: true,
          options: ROLES.map((value) => ({ value, label: t(value) })),
        },
      ]}
      initial={{ login: '', role: 'developer' }}
      onClose={onClose}
      onDone={onDone}
      onSubmit={({ login, role }) => api.members.set({ params: { login: String(login) }, body: { role: role as MemberRole } })}
    />
  )
}
