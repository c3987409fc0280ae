import type { Tenant } from '@carillon/contract'
import { Anchor, Button, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { platformApi } from '../../api/session.ts'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { SESSION_KEY } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { linesOf, type FieldSpec, type FormValues } from '../../components/FormFields.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { tenantsTexts } from './text.ts'

const route = getRouteApi('/platform/tenants')
const KEY = ['tenants'] as const

type Dialog = { readonly kind: 'create' } | { readonly kind: 'edit' | 'suspend'; readonly tenant: Tenant }

export function TenantsPage() {
  const t = useTexts(tenantsTexts)
  const search = route.useSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog | null>(null)
  const list = useLiveList<Tenant>(null, {
    queryKey: [...KEY, search],
    page: (cursor, signal) =>
      platformApi.tenants.list(
        { query: given({ q: search.q, state: search.state as Tenant['state'] | undefined, cursor }) },
        { signal },
      ),
    idOf: ({ id }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const changed = () => {
    void client.invalidateQueries({ queryKey: KEY })
    void client.invalidateQueries({ queryKey: SESSION_KEY })
  }
  const setState = (tenant: Tenant, state: Tenant['state']) =>
    platformApi.tenants.update({ params: { tenant: tenant.id }, body: { version: tenant.version, state } }).then(changed)
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={<Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>}
      filters={[
        { key: 'q', label: t('search'), kind: 'text', width: 220 },
        {
          key: 'state',
          label: t('state'),
          kind: 'one',
          options: (['ACTIVE', 'SUSPENDED'] as const).map((value) => ({ value, label: t(value) })),
          width: 150,
        },
      ]}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(open, (tenant) => void setState(tenant, 'ACTIVE'))}
      none={<EmptyState title={t('none')} />}
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {dialog !== null && dialog.kind !== 'suspend' && (
        <TenantForm
          tenant={dialog.kind === 'edit' ? dialog.tenant : null}
          onClose={() => open(null)}
          onDone={() => {
            open(null)
            changed()
          }}
        />
      )}
      <ConfirmDialog
        opened={dialog?.kind === 'suspend'}
        onClose={() => open(null)}
        title={t('suspendTitle', { code: dialog?.kind === 'suspend' ? dialog.tenant.code : '' })}
        confirm={t('suspend')}
        danger
        {...(dialog?.kind === 'suspend' ? { word: dialog.tenant.code } : {})}
        onConfirm={async () => {
          if (dialog?.kind === 'suspend') await setState(dialog.tenant, 'SUSPENDED')
        }}
      >
        {t('suspendHint')}
      </ConfirmDialog>
    </ListPage>
  )
}

function useColumns(open: (dialog: Dialog) => void, activate: (tenant: Tenant) => void): readonly Column<Tenant>[] {
  const t = useTexts(tenantsTexts)
  return [
    {
      id: 'code',
      header: t('code'),
      cell: ({ code, name }) => (
        <div>
          <Anchor component={Link} to={`/t/${code}`} size="sm" aria-label={t('open', { code })}>
            {code}
          </Anchor>
          <Text size="xs" c="dimmed" className="foreign">
            {name}
          </Text>
        </div>
      ),
    },
    { id: 'state', header: t('state'), cell: ({ state }) => t(state) },
    { id: 'weight', header: t('weight'), align: 'right', cell: ({ weight }) => weight },
    { id: 'kinds', header: t('kinds'), wide: true, cell: ({ kinds }) => kinds?.join(', ') ?? t('every') },
    {
      id: 'privateTargets',
      header: t('privateTargets'),
      wide: true,
      cell: ({ privateTargets }) => fewOf(privateTargets),
    },
    { id: 'created', header: t('created'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      id: 'actions',
      header: t('actions'),
      cell: (tenant) => (
        <RowActions
          actions={[
            { word: t('edit'), label: t('editCode', { code: tenant.code }), act: () => open({ kind: 'edit', tenant }) },
            tenant.state === 'ACTIVE'
              ? {
                  ...{ word: t('suspend'), label: t('suspendCode', { code: tenant.code }) },
                  act: () => open({ kind: 'suspend', tenant }),
                }
              : { word: t('activate'), label: t('activateCode', { code: tenant.code }), act: () => activate(tenant) },
          ]}
        />
      ),
    },
  ]
}

const FEW = 3

const fewOf = (entries: readonly string[]) =>
  entries.length > FEW ? `${entries.slice(0, FEW).join(', ')} (+${entries.length - FEW})` : entries.join(', ')

interface TenantFormProps {
  readonly tenant: Tenant | null
  readonly onClose: () => void
  readonly onDone: () => void
}

function TenantForm({ tenant, onClose, onDone }: TenantFormProps) {
  const t = useTexts(tenantsTexts)
  const initial: FormValues = {
    code: '',
    name: tenant?.name ?? '',
    weight: String(tenant?.weight ?? 1),
    kinds: tenant?.kinds?.join('\n') ?? '',
    privateTargets: tenant?.privateTargets.join('\n') ?? '',
  }
  const send = (values: FormValues) => {
    const name = String(values['name'])
    const body = { ...(name === '' ? {} : { name }), weight: Number(values['weight']) }
    const kinds = linesOf(values['kinds'])
    return tenant === null
      ? platformApi.tenants.create({ body: { ...body, code: String(values['code']) } })
      : platformApi.tenants.update({
          params: { tenant: tenant.id },
          body: {
            ...body,
            version: tenant.version,
            kinds: kinds.length === 0 ? null : kinds,
            privateTargets: linesOf(values['privateTargets']),
          },
        })
  }
  const common: readonly FieldSpec[] = [
    { key: 'name', label: t('name') },
    { key: 'weight', label: t('weight'), hint: t('weightHint'), kind: 'number' },
  ]
  return (
    <FieldsDialog
      title={tenant === null ? t('create') : t('editCode', { code: tenant.code })}
      submit={tenant === null ? t('createDo') : t('save')}
      fields={
        tenant === null
          ? [{ key: 'code', label: t('code'), hint: t('codeHint'), required: true }, ...common]
          : [
              ...common,
              { key: 'kinds', label: t('kinds'), hint: t('kindsHint'), kind: 'lines' },
              { key: 'privateTargets', label: t('privateTargets'), hint: t('privateTargetsHint'), kind: 'lines' },
            ]
      }
      initial={initial}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    />
  )
}
