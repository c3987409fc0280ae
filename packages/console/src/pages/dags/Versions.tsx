import type { Dag, DagVersionHead } from '@carillon/contract'
import { Badge, Group, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { Compared } from './Compared.tsx'
import { dagsTexts } from './text.ts'
import { Traffic } from './Traffic.tsx'

const route = getRouteApi('/t/$tenant/dags/$dag')

type Question = { readonly kind: 'rollback' | 'delete'; readonly number: number }

/** The versions of a DAG, what takes traffic, and what differs between two of them. */
export function Versions({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant, can } = useTenant()
  const { from, to } = route.useSearch()
  const client = useQueryClient()
  const [question, ask] = useState<Question | null>(null)
  const changed = () => client.invalidateQueries({ queryKey: ['dags', tenant] })
  const writable = can('definition.write')
  const list = useLiveList<DagVersionHead>(null, {
    queryKey: ['dags', tenant, dag.code, 'versions'],
    page: (cursor) => api.dagVersions.list({ params: { dag: dag.code }, query: given({ cursor }) }),
    idOf: ({ number }) => number,
    everyMs: BY_PEOPLE_MS,
  })
  return (
    <Stack>
      <Traffic dag={dag} versions={list.rows} writable={writable} onChanged={changed} />
      {from !== undefined && to !== undefined && (
        <Compared dag={dag.code} from={Number(from)} to={Number(to)} versions={list.rows} />
      )}
      <DataTable
        label={t('versions')}
        list={list}
        idOf={({ number }) => number}
        empty={<EmptyState title={t('noVersions')} />}
        columns={useColumns(dag, ask)}
      />
      <ConfirmDialog
        opened={question?.kind === 'rollback'}
        onClose={() => ask(null)}
        title={t('rollbackTitle', { number: question?.number })}
        confirm={t('rollbackDo')}
        onConfirm={async () => {
          await api.dagVersions.activate({ params: { dag: dag.code, number: question!.number }, body: {} })
          await changed()
        }}
      >
        {t('rollbackHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={question?.kind === 'delete'}
        onClose={() => ask(null)}
        title={t('deleteDraftTitle', { number: question?.number })}
        confirm={t('removeDo')}
        danger
        onConfirm={async () => {
          await api.dagVersions.remove({ params: { dag: dag.code, number: question!.number } })
          await changed()
        }}
      >
        {t('deleteDraftHint')}
      </ConfirmDialog>
    </Stack>
  )
}

function useColumns(dag: Dag, ask: (question: Question) => void): readonly Column<DagVersionHead>[] {
  const t = useTexts(dagsTexts)
  return [
    {
      id: 'number',
      header: t('runVersion'),
      cell: ({ number, state }) => (
        <Group gap="xs">
          <Text fw={600}>{t('version', { number })}</Text>
          <VersionState state={state} />
        </Group>
      ),
    },
    { id: 'note', header: t('note'), cell: ({ note }) => <span className="foreign">{note}</span> },
    { id: 'nodes', header: t('nodes'), align: 'right', cell: ({ nodeCount }) => nodeCount },
    {
      id: 'by',
      header: t('by'),
      wide: true,
      cell: ({ createdBy, activatedBy }) => <span className="foreign">{activatedBy ?? createdBy}</span>,
    },
    {
      id: 'at',
      header: t('activated'),
      wide: true,
      cell: ({ activatedAt, updatedAt, state }) => <Time at={state === 'DRAFT' ? updatedAt : activatedAt} />,
    },
    { id: 'do', header: t('actions'), cell: (version) => <VersionActions dag={dag} version={version} ask={ask} /> },
  ]
}

function VersionState({ state }: { state: DagVersionHead['state'] }) {
  const t = useTexts(dagsTexts)
  const colour = state === 'ACTIVE' ? 'var(--state-success)' : undefined
  return (
    <Badge
      variant="outline"
      color="gray"
      tt="none"
      style={colour === undefined ? { color: 'inherit' } : { color: colour, borderColor: colour }}
    >
      {t(state)}
    </Badge>
  )
}

interface VersionActionsProps {
  readonly dag: Dag
  readonly version: DagVersionHead
  readonly ask: (question: Question) => void
}

function VersionActions({ dag, version: { number, state }, ask }: VersionActionsProps) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant, can } = useTenant()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const { active } = dag
  const name = t('version', { number })
  const writable = can('definition.write')
  const edit = (draft: number) =>
    navigate({ to: '/t/$tenant/dags/$dag/edit', params: { tenant, dag: dag.code }, search: { version: String(draft) } })
  const compare = (other: number) =>
    setSearch({ from: String(Math.min(other, number)), to: String(Math.max(other, number)) }, 'push')
  const copyToDraft = async () => {
    const draft = await api.dagVersions.create({ params: { dag: dag.code }, body: { copyOf: number, incomplete: true } })
    await edit(draft.number)
  }
  return (
    <RowActions
      actions={[
        active !== null &&
          active !== number && { word: t('compare'), label: `${t('compare')}: ${name}`, act: () => compare(active) },
        ...(writable && state === 'DRAFT'
          ? [
              { word: t('edit'), label: `${t('edit')}: ${name}`, act: () => void edit(number) },
              { word: t('deleteDraft'), label: `${t('deleteDraft')} ${name}`, act: () => ask({ kind: 'delete', number }) },
            ]
          : []),
        writable &&
          state !== 'DRAFT' && { word: t('copyToDraft'), label: `${t('copyToDraft')}: ${name}`, act: () => void copyToDraft() },
        writable &&
          state === 'ARCHIVED' && {
            ...{ word: t('rollback'), label: `${t('rollback')} ${name}` },
            act: () => ask({ kind: 'rollback', number }),
          },
      ]}
    />
  )
}
