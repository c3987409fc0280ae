import type { Client } from '@carillon/contract'
import { Anchor, Button, Group, Text, TextInput, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar, type Filter } from '../../components/FilterBar.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { labelsOf } from '../../components/labels.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/dags')

type DagRow = Awaited<ReturnType<Client['dags']['list']>>['items'][number]

const FILTERS = ['q', 'owner', 'enabled', 'paused', 'active', 'label'] as const
const flag = (text: string | undefined) => (text === undefined ? undefined : text === 'true')

export function DagsPage() {
  const t = useTexts(dagsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const [creating, dialog] = useDisclosure()
  const list = useLiveList<DagRow>(null, {
    queryKey: ['dags', code, 'list', search],
    page: (cursor, signal) => {
      const { q, owner, enabled, paused, active, label } = search
      const flags = { enabled: flag(enabled), paused: flag(paused), active: flag(active) }
      const labels = label?.includes('=') ? [label] : undefined
      return api.dags.list({ query: given({ q, owner, ...flags, label: labels, cursor }) }, { signal })
    },
    idOf: ({ id }) => id,
  })
  const create = can('definition.write') && <Button onClick={dialog.open}>{t('create')}</Button>
  return (
    <>
      <PageHeader title={t('title')}>{create}</PageHeader>
      <FilterBar filters={useFilters()} values={search} onChange={setSearch} />
      <DataTable<DagRow>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns()}
        empty={
          FILTERS.some((key) => search[key] !== undefined) ? (
            <EmptyState title={t('noMatch')} />
          ) : (
            <EmptyState title={t('none')} action={create}>
              {t('noneHint')}
            </EmptyState>
          )
        }
      />
      {creating && <CreateDialog onClose={dialog.close} />}
    </>
  )
}

function useFilters(): readonly Filter[] {
  const t = useTexts(dagsTexts)
  const answers = [
    { value: 'true', label: t('yes') },
    { value: 'false', label: t('no') },
  ]
  return [
    { key: 'q', label: t('search'), kind: 'text' },
    { key: 'owner', label: t('owner'), kind: 'text', width: 140 },
    { key: 'enabled', label: t('enabled'), kind: 'one', options: answers, width: 110 },
    { key: 'paused', label: t('paused'), kind: 'one', options: answers, width: 110 },
    { key: 'active', label: t('hasActive'), kind: 'one', options: answers, width: 170 },
    { key: 'label', label: t('labels'), kind: 'text', width: 150 },
  ]
}

function useColumns(): readonly Column<DagRow>[] {
  const t = useTexts(dagsTexts)
  const { code } = useTenant()
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (dag) => (
        <Group gap={6}>
          <Anchor component={Link} to={`/t/${code}/dags/${dag.code}`} size="sm" className="foreign">
            {dag.code}
          </Anchor>
          {dag.name !== dag.code && (
            <Text size="xs" c="dimmed" className="foreign">
              {dag.name}
            </Text>
          )}
        </Group>
      ),
    },
    { id: 'state', header: t('state'), cell: (dag) => t(dag.paused ? 'paused' : dag.enabled ? 'enabled' : 'disabled') },
    {
      id: 'active',
      header: t('active'),
      cell: ({ active }) => (active === null ? t('noActive') : t('version', { number: active })),
    },
    {
      id: 'last',
      header: t('lastRun'),
      cell: ({ lastRun }) =>
        lastRun === null ? (
          <Text size="sm" c="dimmed">
            {t('never')}
          </Text>
        ) : (
          <Group gap={6}>
            <StateBadge state={lastRun.state} />
            <Anchor component={Link} to={`/t/${code}/runs/${lastRun.id}`} size="sm">
              #{lastRun.id}
            </Anchor>
          </Group>
        ),
    },
    { id: 'next', header: t('nextFire'), wide: true, cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
    { id: 'owner', header: t('owner'), wide: true, cell: ({ owner }) => <span className="foreign">{owner}</span> },
  ]
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  const [values, setValues] = useState({ code: '', name: '', description: '', owner: '', labels: '' })
  const labels = labelsOf(values.labels)
  const field = (key: keyof typeof values) => ({
    label: t(key),
    value: values[key],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setValues((old) => ({ ...old, [key]: currentTarget.value })),
  })
  return (
    <FormDialog
      title={t('create')}
      submit={t('createDo')}
      onClose={onClose}
      onSubmit={() => {
        const { code, name, description, owner } = values
        return api.dags.create({ body: { code, name: name === '' ? code : name, description, owner, labels: labels ?? {} } })
      }}
      onDone={(dag) => void navigate({ to: '/t/$tenant/dags/$dag/edit', params: { tenant, dag: dag.code } })}
    >
      {(problem) => (
        <>
          <Text size="sm" c="dimmed">
            {t('createHint')}
          </Text>
          <TextInput {...field('code')} description={t('codeHint')} required data-autofocus error={problem('/code')} />
          <TextInput {...field('name')} error={problem('/name')} />
          <Textarea {...field('description')} autosize error={problem('/description')} />
          <TextInput {...field('owner')} error={problem('/owner')} />
          <Textarea
            {...field('labels')}
            description={t('labelsHint')}
            autosize
            error={labels === null ? t('labelsProblem') : problem('/labels')}
          />
        </>
      )}
    </FormDialog>
  )
}
