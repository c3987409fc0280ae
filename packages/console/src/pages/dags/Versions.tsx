import type { Dag, DagVersionHead } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { Badge, Button, Group, Paper, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable, Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { DiffView } from './DiffView.tsx'
import { dagsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/dags/$dag')

/** The versions of a DAG, what takes traffic, and what differs between two of them. */
export function Versions({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant, can } = useTenant()
  const { from, to } = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const [activating, setActivating] = useState<DagVersionHead | null>(null)
  const [deleting, setDeleting] = useState<DagVersionHead | null>(null)
  const changed = () => client.invalidateQueries({ queryKey: ['dags', tenant] })
  const writable = can('definition.write')
  const list = useLiveList<DagVersionHead>(null, {
    queryKey: ['dags', tenant, dag.code, 'versions'],
    page: (cursor) => api.dagVersions.list({ params: { dag: dag.code }, query: given({ cursor }) }),
    idOf: ({ number }) => number,
    live: false,
  })
  const edit = (number: number) =>
    navigate({ to: '/t/$tenant/dags/$dag/edit', params: { tenant, dag: dag.code }, search: { version: String(number) } })
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
        columns={[
          {
            id: 'number',
            header: t('runVersion'),
            cell: ({ number, state }) => (
              <Group gap="xs">
                <Text fw={600}>{t('version', { number })}</Text>
                <Badge
                  variant="outline"
                  color="gray"
                  tt="none"
                  style={
                    state === 'ACTIVE'
                      ? { color: 'var(--state-success)', borderColor: 'var(--state-success)' }
                      : { color: 'inherit' }
                  }
                >
                  {t(state)}
                </Badge>
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
          {
            id: 'do',
            header: t('actions'),
            cell: (version) => {
              const { number, state } = version
              const name = t('version', { number })
              return (
                <Group gap={4} justify="flex-end">
                  {dag.active !== null && dag.active !== number && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`${t('compare')}: ${name}`}
                      onClick={() =>
                        setSearch(
                          { from: String(Math.min(dag.active!, number)), to: String(Math.max(dag.active!, number)) },
                          'push',
                        )
                      }
                    >
                      {t('compare')}
                    </Button>
                  )}
                  {writable && state === 'DRAFT' && (
                    <>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`${t('edit')}: ${name}`}
                        onClick={() => void edit(number)}
                      >
                        {t('edit')}
                      </Button>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`${t('deleteDraft')} ${name}`}
                        onClick={() => setDeleting(version)}
                      >
                        {t('deleteDraft')}
                      </Button>
                    </>
                  )}
                  {writable && state !== 'DRAFT' && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`${t('copyToDraft')}: ${name}`}
                      onClick={async () => {
                        const draft = await api.dagVersions.create({
                          params: { dag: dag.code },
                          body: { copyOf: number, incomplete: true },
                        })
                        await edit(draft.number)
                      }}
                    >
                      {t('copyToDraft')}
                    </Button>
                  )}
                  {writable && state === 'ARCHIVED' && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`${t('rollback')} ${name}`}
                      onClick={() => setActivating(version)}
                    >
                      {t('rollback')}
                    </Button>
                  )}
                </Group>
              )
            },
          },
        ]}
      />
      <ConfirmDialog
        opened={activating !== null}
        onClose={() => setActivating(null)}
        title={t('rollbackTitle', { number: activating?.number })}
        confirm={t('rollbackDo')}
        onConfirm={async () => {
          await api.dagVersions.activate({ params: { dag: dag.code, number: activating!.number }, body: {} })
          await changed()
        }}
      >
        {t('rollbackHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={deleting !== null}
        onClose={() => setDeleting(null)}
        title={t('deleteDraftTitle', { number: deleting?.number })}
        confirm={t('removeDo')}
        danger
        onConfirm={async () => {
          await api.dagVersions.remove({ params: { dag: dag.code, number: deleting!.number } })
          await changed()
        }}
      >
        {t('deleteDraftHint')}
      </ConfirmDialog>
    </Stack>
  )
}

interface ComparedProps {
  readonly dag: string
  readonly from: number
  readonly to: number
  readonly versions: readonly DagVersionHead[]
}

function Compared({ dag, from, to, versions }: ComparedProps) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const setSearch = useSetSearch()
  const both = useQuery({
    queryKey: ['dags', tenant, dag, 'compare', from, to],
    queryFn: () => Promise.all([from, to].map((number) => api.dagVersions.get({ params: { dag, number } }))),
  })
  const numbers = [...new Set([from, to, ...versions.map(({ number }) => number)])].sort((a, b) => b - a)
  const data = numbers.map((number) => ({ value: String(number), label: t('version', { number }) }))
  return (
    <Stack gap="sm" component="section" aria-label={t('compareTitle', { from, to })}>
      <Group align="flex-end">
        <Select
          label={t('compareWith')}
          data={data}
          value={String(from)}
          allowDeselect={false}
          onChange={(next) => setSearch({ from: next ?? undefined })}
          w={150}
        />
        <Select
          label={t('runVersion')}
          data={data}
          value={String(to)}
          allowDeselect={false}
          onChange={(next) => setSearch({ to: next ?? undefined })}
          w={150}
        />
        <Button variant="default" onClick={() => setSearch({ from: undefined, to: undefined }, 'push')}>
          {t('versions')}
        </Button>
      </Group>
      {both.error !== null ? (
        <ErrorPanel error={both.error} retry={() => void both.refetch()} />
      ) : both.data === undefined ? (
        <Loading />
      ) : (
        <DiffView before={both.data[0]!.definition as DagDefinition} after={both.data[1]!.definition as DagDefinition} />
      )}
    </Stack>
  )
}

interface TrafficProps {
  readonly dag: Dag
  readonly versions: readonly DagVersionHead[]
  readonly writable: boolean
  readonly onChanged: () => Promise<unknown>
}

/** Which versions new runs use. */
function Traffic({ dag, versions, writable, onChanged }: TrafficProps) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const [setting, setSetting] = useState(false)
  const candidates = versions.filter(({ state, number }) => state !== 'DRAFT' && number !== dag.active)
  if (dag.active === null || (dag.gray === null && (candidates.length === 0 || !writable))) return null
  return (
    <Paper withBorder p="sm" component="section" aria-label={t('gray')} style={{ borderColor: 'var(--hairline)' }}>
      <Text component="h2" fw={600}>
        {t('gray')}
      </Text>
      <Group justify="space-between">
        <Text size="sm">{dag.gray === null ? `${t('grayNone')} ${t('grayHint')}` : t('grayNow', dag.gray)}</Text>
        {writable && (
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={() => setSetting(true)}>
              {t('graySet')}
            </Button>
            {dag.gray !== null && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => void api.dags.endGray({ params: { dag: dag.code } }).then(onChanged)}
              >
                {t('grayEnd')}
              </Button>
            )}
          </Group>
        )}
      </Group>
      {setting && <GrayDialog dag={dag} candidates={candidates} onClose={() => setSetting(false)} onDone={onChanged} />}
    </Paper>
  )
}

interface GrayProps {
  readonly dag: Dag
  readonly candidates: readonly DagVersionHead[]
  readonly onClose: () => void
  readonly onDone: () => Promise<unknown>
}

function GrayDialog({ dag, candidates, onClose, onDone }: GrayProps) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const [number, setNumber] = useState(String(dag.gray?.number ?? candidates[0]?.number ?? ''))
  const [percent, setPercent] = useState(String(dag.gray?.percent ?? 10))
  const numbers = [...new Set([...candidates.map((each) => each.number), ...(dag.gray ? [dag.gray.number] : [])])]
  return (
    <FormDialog
      title={t('gray')}
      submit={t('save')}
      onClose={onClose}
      onSubmit={() => api.dags.setGray({ params: { dag: dag.code }, body: { number: Number(number), percent: Number(percent) } })}
      onDone={() => {
        onClose()
        void onDone()
      }}
    >
      {(problem) => (
        <>
          <Text size="sm" c="dimmed">
            {t('grayHint')}
          </Text>
          <Select
            label={t('grayVersion')}
            data={numbers.map((each) => ({ value: String(each), label: t('version', { number: each }) }))}
            value={number}
            allowDeselect={false}
            error={problem('/number')}
            onChange={(next) => setNumber(next ?? '')}
          />
          <TextInput
            label={t('grayPercent')}
            inputMode="numeric"
            value={percent}
            error={problem('/percent')}
            onChange={({ currentTarget }) => setPercent(currentTarget.value)}
          />
        </>
      )}
    </FormDialog>
  )
}
