import type { Tenant } from '@carillon/contract'
import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { platformApi } from '../../api/session.ts'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { SESSION_KEY } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar } from '../../components/FilterBar.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { FormFields, linesOf, type FieldSpec, type FormValues } from '../../components/FormFields.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { tenantsTexts } from './text.ts'

const route = getRouteApi('/platform/tenants')
const KEY = ['tenants'] as const

type Dialog = { readonly kind: 'create' } | { readonly kind: 'edit' | 'suspend'; readonly tenant: Tenant }

export function TenantsPage() {
  const t = useTexts(tenantsTexts)
  const search = route.useSearch()
  const setSearch = useSetSearch()
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
    live: false,
  })
  const changed = () => {
    void client.invalidateQueries({ queryKey: KEY })
    void client.invalidateQueries({ queryKey: SESSION_KEY })
  }
  const setState = (tenant: Tenant, state: Tenant['state']) =>
    platformApi.tenants.update({ params: { tenant: tenant.id }, body: { version: tenant.version, state } }).then(changed)
  const columns = useColumns(open, (tenant) => void setState(tenant, 'ACTIVE'))
  const filtered = search.q !== undefined || search.state !== undefined
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        <Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>
      </PageHeader>
      <FilterBar
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
        onChange={setSearch}
      />
      <DataTable<Tenant>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={columns}
        empty={<EmptyState title={filtered ? t('noMatch') : t('none')} />}
      />
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
    </>
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
    { id: 'created', header: t('created'), wide: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      id: 'actions',
      header: t('actions'),
      cell: (tenant) => (
        <Group gap={4}>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('editCode', { code: tenant.code })}
            onClick={() => open({ kind: 'edit', tenant })}
          >
            {t('edit')}
          </Button>
          {tenant.state === 'ACTIVE' ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('suspendCode', { code: tenant.code })}
              onClick={() => open({ kind: 'suspend', tenant })}
            >
              {t('suspend')}
            </Button>
          ) : (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('activateCode', { code: tenant.code })}
              onClick={() => activate(tenant)}
            >
              {t('activate')}
            </Button>
          )}
        </Group>
      ),
    },
  ]
}

interface TenantFormProps {
  readonly tenant: Tenant | null
  readonly onClose: () => void
  readonly onDone: () => void
}

function TenantForm({ tenant, onClose, onDone }: TenantFormProps) {
  const t = useTexts(tenantsTexts)
  const [values, setValues] = useState<FormValues>({
    code: '',
    name: tenant?.name ?? '',
    weight: String(tenant?.weight ?? 1),
    kinds: tenant?.kinds?.join('\n') ?? '',
  })
  const send = () => {
    const name = String(values['name'])
    const body = { ...(name === '' ? {} : { name }), weight: Number(values['weight']) }
    const kinds = linesOf(values['kinds'])
    return tenant === null
      ? platformApi.tenants.create({ body: { ...body, code: String(values['code']) } })
      : platformApi.tenants.update({
          params: { tenant: tenant.id },
          body: { ...body, version: tenant.version, kinds: kinds.length === 0 ? null : kinds },
        })
  }
  const common: readonly FieldSpec[] = [
    { key: 'name', label: t('name') },
    { key: 'weight', label: t('weight'), hint: t('weightHint'), kind: 'number' },
  ]
  return (
    <FormDialog
      title={tenant === null ? t('create') : t('editCode', { code: tenant.code })}
      submit={tenant === null ? t('createDo') : t('save')}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    >
      {(problem) => (
        <FormFields
          fields={
            tenant === null
              ? [{ key: 'code', label: t('code'), hint: t('codeHint'), required: true }, ...common]
              : [...common, { key: 'kinds', label: t('kinds'), hint: t('kindsHint'), kind: 'lines' }]
          }
          values={values}
          onChange={setValues}
          problem={problem}
        />
      )}
    </FormDialog>
  )
}
