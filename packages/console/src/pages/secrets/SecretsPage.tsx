import type { SecretView, UsableBy } from '@carillon/contract'
import { Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { linesOf, type FieldSpec, type FormValues } from '../../components/FormFields.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { secretsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/secrets')

type Dialog = { readonly kind: 'create' } | { readonly kind: 'edit' | 'rotate' | 'remove'; readonly secret: SecretView }

export function SecretsPage() {
  const t = useTexts(secretsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog | null>(null)
  const list = useLiveList<SecretView>(null, {
    queryKey: ['secrets', code, search],
    page: (cursor, signal) => api.secrets.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const done = () => {
    open(null)
    void client.invalidateQueries({ queryKey: ['secrets', code] })
  }
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={can('secret.manage') && <Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>}
      filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(open)}
      none={<EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {dialog?.kind === 'create' && <SecretForm secret={null} onClose={() => open(null)} onDone={done} />}
      {dialog?.kind === 'edit' && <SecretForm secret={dialog.secret} onClose={() => open(null)} onDone={done} />}
      {dialog?.kind === 'rotate' && <Rotate secret={dialog.secret} onClose={() => open(null)} onDone={done} />}
      <ConfirmDialog
        opened={dialog?.kind === 'remove'}
        onClose={() => open(null)}
        title={t('removeTitle', { name: dialog?.kind === 'remove' ? dialog.secret.name : '' })}
        confirm={t('remove')}
        danger
        {...(dialog?.kind === 'remove' ? { word: dialog.secret.name } : {})}
        onConfirm={async () => {
          if (dialog?.kind === 'remove') await api.secrets.remove({ params: { secret: dialog.secret.id } })
          await client.invalidateQueries({ queryKey: ['secrets', code] })
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </ListPage>
  )
}

function useColumns(open: (dialog: Dialog) => void): readonly Column<SecretView>[] {
  const t = useTexts(secretsTexts)
  const { can } = useTenant()
  const shown: readonly Column<SecretView>[] = [
    {
      id: 'name',
      header: t('name'),
      cell: ({ name, description }) => (
        <div>
          <Group gap={2} wrap="nowrap">
            <code>{name}</code>
            <CopyButton text={`\${{ secrets.${name} }}`} />
          </Group>
          <Text size="xs" c="dimmed" className="foreign">
            {description}
          </Text>
        </div>
      ),
    },
    {
      id: 'usableBy',
      header: t('usableBy'),
      wide: true,
      cell: ({ usableBy }) => <span className="foreign">{usableByText(usableBy) || t('everyone')}</span>,
    },
    { id: 'rotated', header: t('rotated'), cell: ({ rotatedAt }) => <Time at={rotatedAt} /> },
    { id: 'valueVersion', header: t('valueVersion'), wide: true, align: 'right', cell: ({ valueVersion }) => valueVersion },
    { id: 'by', header: t('by'), wide: true, cell: ({ createdBy }) => <span className="foreign">{createdBy}</span> },
  ]
  const actions: Column<SecretView> = {
    id: 'actions',
    header: t('actions'),
    cell: (secret) => (
      <RowActions
        actions={[
          { word: t('edit'), label: t('editName', { name: secret.name }), act: () => open({ kind: 'edit', secret }) },
          { word: t('rotate'), label: t('rotateTitle', { name: secret.name }), act: () => open({ kind: 'rotate', secret }) },
          { word: t('remove'), label: t('removeName', { name: secret.name }), act: () => open({ kind: 'remove', secret }) },
        ]}
      />
    ),
  }
  return can('secret.manage') ? [...shown, actions] : shown
}

const usableByText = (usableBy: UsableBy): string =>
  Object.entries(usableBy)
    .map(([kind, names]) => `${kind}: ${names.length === 0 ? '–' : names.join(', ')}`)
    .join('; ')

interface DialogProps {
  readonly onClose: () => void
  readonly onDone: () => void
}

function SecretForm({ secret, onClose, onDone }: DialogProps & { secret: SecretView | null }) {
  const t = useTexts(secretsTexts)
  const { api } = useTenant()
  const lines = (key: keyof UsableBy) => (secret?.usableBy[key] ?? []).join('\n')
  const initial: FormValues = {
    name: '',
    value: '',
    description: secret?.description ?? '',
    apps: lines('apps'),
    tasks: lines('tasks'),
    dags: lines('dags'),
    roles: lines('roles'),
  }
  const send = (values: FormValues) => {
    const limits = (['apps', 'tasks', 'dags', 'roles'] as const).flatMap((key) => {
      const names = linesOf(values[key])
      return names.length === 0 ? [] : [[key, names] as const]
    })
    const body = { description: String(values['description']), usableBy: Object.fromEntries(limits) as UsableBy }
    return secret === null
      ? api.secrets.create({ body: { ...body, name: String(values['name']), value: String(values['value']) } })
      : api.secrets.update({ params: { secret: secret.id }, body: { ...body, version: secret.version } })
  }
  const fresh: readonly FieldSpec[] = [
    { key: 'name', label: t('name'), required: true },
    { key: 'value', label: t('value'), kind: 'password', required: true },
  ]
  const common: readonly FieldSpec[] = [
    { key: 'description', label: t('description') },
    { key: 'apps', label: t('apps'), hint: t('appsHint'), kind: 'lines', pointer: '/usableBy/apps' },
    { key: 'tasks', label: t('tasks'), hint: t('tasksHint'), kind: 'lines', pointer: '/usableBy/tasks' },
    { key: 'dags', label: t('dags'), hint: t('dagsHint'), kind: 'lines', pointer: '/usableBy/dags' },
    { key: 'roles', label: t('roles'), hint: t('rolesHint'), kind: 'lines', pointer: '/usableBy/roles' },
  ]
  return (
    <FieldsDialog
      title={secret === null ? t('create') : t('editName', { name: secret.name })}
      submit={secret === null ? t('createDo') : t('save')}
      fields={secret === null ? [...fresh, ...common] : common}
      initial={initial}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    />
  )
}

function Rotate({ secret, onClose, onDone }: DialogProps & { secret: SecretView }) {
  const t = useTexts(secretsTexts)
  const { api } = useTenant()
  return (
    <FieldsDialog
      title={t('rotateTitle', { name: secret.name })}
      submit={t('rotateDo')}
      hint={t('rotateHint')}
      fields={[{ key: 'value', label: t('newValue'), kind: 'password', required: true }]}
      initial={{ value: '' }}
      onClose={onClose}
      onSubmit={({ value }) => api.secrets.rotate({ params: { secret: secret.id }, body: { value: String(value) } })}
      onDone={onDone}
    />
  )
}
