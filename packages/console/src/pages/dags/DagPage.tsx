import type { Dag, Run } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { Anchor, Badge, Button, Group, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Pencil, Play } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DagGraph } from '../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED, selectNode, type GraphSelection } from '../../components/dag-graph/model.ts'
import { DataTable, Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { labelsOf, labelsText } from '../../components/labels.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { PageTabs } from '../../components/PageTabs.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { graphOf } from './editor/graph-of.ts'
import { RunDialog } from './RunDialog.tsx'
import { dagsTexts } from './text.ts'
import { Versions } from './Versions.tsx'

const route = getRouteApi('/t/$tenant/dags/$dag')

export function DagPage() {
  const { dag } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(`dag:${dag}`, {
    queryKey: ['dags', code, dag],
    queryFn: () => api.dags.get({ params: { dag } }),
    changes: () => false,
  })
  if (found.error !== null && found.data === undefined)
    return <ErrorPanel error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return <Loading />
  return <Found key={found.data.id} dag={found.data} />
}

type Dialog = 'pause' | 'disable' | 'remove' | 'settings' | null

function Found({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant, can } = useTenant()
  const { run } = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const changed = () => client.invalidateQueries({ queryKey: ['dags', tenant] })
  const params = { dag: dag.code }
  const writable = can('definition.write')
  return (
    <>
      <PageHeader
        title={dag.code}
        hint={[dag.name, dag.pauseReason].filter(Boolean).join(' · ')}
        beside={
          <Badge variant="outline" color="gray" c="inherit" tt="none">
            {t(dag.paused ? 'paused' : dag.enabled ? 'enabled' : 'disabled')}
          </Badge>
        }
      >
        {can('run.trigger') && dag.active !== null && (
          <Button leftSection={<Play size={14} aria-hidden />} onClick={() => setSearch({ run: '1' })}>
            {t('run')}
          </Button>
        )}
        {writable && (
          <Button
            variant="default"
            leftSection={<Pencil size={14} aria-hidden />}
            renderRoot={(props) => <Link to={`/t/${tenant}/dags/${dag.code}/edit`} {...props} />}
          >
            {t('edit')}
          </Button>
        )}
        {can('run.control') &&
          (dag.paused ? (
            <Button variant="default" onClick={() => void api.dags.resume({ params }).then(changed)}>
              {t('resume')}
            </Button>
          ) : (
            <Button variant="default" onClick={() => open('pause')}>
              {t('pause')}
            </Button>
          ))}
        {writable && (
          <>
            {dag.enabled ? (
              <Button variant="default" onClick={() => open('disable')}>
                {t('disable')}
              </Button>
            ) : (
              <Button variant="default" onClick={() => void api.dags.enable({ params }).then(changed)}>
                {t('enable')}
              </Button>
            )}
            <Button variant="default" onClick={() => open('remove')}>
              {t('remove')}
            </Button>
          </>
        )}
      </PageHeader>
      <PageTabs
        label={dag.code}
        tabs={[
          { value: 'graph', label: t('graph'), content: <GraphTab dag={dag} /> },
          { value: 'runs', label: t('runs'), content: <RunsTab dag={dag} /> },
          { value: 'versions', label: t('versions'), content: <Versions dag={dag} /> },
          { value: 'schedules', label: t('schedules'), content: <SchedulesTab dag={dag} /> },
          { value: 'parameters', label: t('parameters'), content: <ParametersTab dag={dag} /> },
          {
            value: 'settings',
            label: t('settings'),
            content: <SettingsTab dag={dag} {...(writable ? { onEdit: () => open('settings') } : {})} />,
          },
          {
            value: 'history',
            label: t('history'),
            content: (
              <Revisions
                queryKey={['dags', tenant, dag.code]}
                list={(cursor) => api.dags.revisions({ params, query: given({ cursor }) })}
                {...(writable
                  ? { restore: (revision: number) => api.dags.restore({ params, body: { version: dag.version, revision } }) }
                  : {})}
              />
            ),
          },
        ]}
      />
      {run !== undefined && <RunDialog dag={dag.code} onClose={() => setSearch({ run: undefined })} />}
      {dialog === 'settings' && (
        <SettingsDialog
          dag={dag}
          onClose={close}
          onDone={() => {
            close()
            void changed()
          }}
        />
      )}
      <ConfirmDialog
        opened={dialog === 'pause'}
        onClose={close}
        title={t('pauseTitle', { code: dag.code })}
        confirm={t('pauseDo')}
        onConfirm={() => api.dags.pause({ params, body: {} }).then(changed)}
      >
        {t('pauseHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'disable'}
        onClose={close}
        title={t('disableTitle', { code: dag.code })}
        confirm={t('disableDo')}
        onConfirm={() => api.dags.disable({ params }).then(changed)}
      >
        {t('disableHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: dag.code })}
        confirm={t('removeDo')}
        danger
        word={dag.code}
        onConfirm={async () => {
          await api.dags.remove({ params })
          await navigate({ to: '/t/$tenant/dags', params: { tenant } })
          client.removeQueries({ queryKey: ['dags', tenant] })
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </>
  )
}

/** The active version, which does not change: it is asked for once. */
function useActive(dag: Dag) {
  const { api, code: tenant } = useTenant()
  return useQuery({
    queryKey: ['dags', tenant, dag.code, 'version', dag.active],
    queryFn: () => api.dagVersions.get({ params: { dag: dag.code, number: dag.active! } }),
    enabled: dag.active !== null,
    staleTime: Infinity,
  })
}

function GraphTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { node } = route.useSearch()
  const setSearch = useSetSearch()
  const version = useActive(dag)
  const definition = version.data?.definition as DagDefinition | undefined
  const graph = useMemo(() => definition && graphOf(definition), [definition])
  const [edge, setEdge] = useState<GraphSelection | null>(null)
  if (dag.active === null) return <EmptyState title={t('noActiveTitle')}>{t('noActiveHint')}</EmptyState>
  if (version.error !== null) return <ErrorPanel error={version.error} retry={() => void version.refetch()} />
  if (!graph || !definition) return <Loading />
  const shown = definition.nodes.find(({ code }) => code === node)
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('version', { number: dag.active })}
        {dag.gray === null ? '' : ` · ${t('grayNow', dag.gray)}`}
      </Text>
      <DagGraph
        label={t('graphOf', { code: dag.code, number: dag.active })}
        {...graph}
        selection={edge ?? (shown ? selectNode(shown.code) : NOTHING_SELECTED)}
        onSelect={(next) => {
          setEdge(next.edge === null ? null : next)
          setSearch({ node: next.nodes.at(-1) })
        }}
      />
      {shown && <JsonView value={shown} label={shown.code} />}
    </Stack>
  )
}

function RunsTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code } = useTenant()
  const list = useLiveList<Run>('runs', {
    queryKey: ['runs', code, { dag: dag.id }],
    page: (cursor, signal) => api.runs.list({ query: given({ dag: dag.code, cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <DataTable
      label={t('runs')}
      list={list}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('noRuns')} />}
      columns={[
        {
          id: 'run',
          header: t('openRun'),
          cell: (run) => (
            <Group gap={6}>
              <Anchor component={Link} to={`/t/${code}/runs/${run.id}`} size="sm">
                #{run.id}
              </Anchor>
              {run.dag && (
                <Text size="xs" c="dimmed">
                  {t('version', { number: run.dag.version })}
                </Text>
              )}
            </Group>
          ),
        },
        { id: 'state', header: t('state'), cell: (run) => <StateBadge state={run.state} note={run.reason ?? undefined} /> },
        {
          id: 'by',
          header: t('by'),
          wide: true,
          cell: (run) => <span className="foreign">{run.schedule?.code ?? run.startedBy}</span>,
        },
        { id: 'created', header: t('created'), cell: (run) => <Time at={run.createdAt} /> },
        { id: 'ran', header: t('ran'), align: 'right', cell: (run) => <Duration from={run.startedAt} to={run.endedAt} /> },
      ]}
    />
  )
}

function SchedulesTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code } = useTenant()
  const schedules = useQuery({
    queryKey: ['schedules', code, { dag: dag.id }],
    queryFn: () => api.schedules.list({ query: { dag: dag.code, limit: 200 } }),
  })
  return (
    <DataTable
      label={t('schedules')}
      list={{
        rows: schedules.data?.items ?? [],
        pending: schedules.isPending,
        error: schedules.error,
        retry: () => void schedules.refetch(),
      }}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('noSchedules')}>{t('noSchedulesHint')}</EmptyState>}
      columns={[
        {
          id: 'code',
          header: t('code'),
          cell: (schedule) => (
            <Anchor component={Link} to={`/t/${code}/schedules/${schedule.code}`} size="sm" className="foreign">
              {schedule.code}
            </Anchor>
          ),
        },
        { id: 'timing', header: t('timing'), wide: true, cell: ({ timing }) => <code>{Object.values(timing).join(' ')}</code> },
        { id: 'next', header: t('nextFire'), cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
      ]}
    />
  )
}

function ParametersTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const version = useActive(dag)
  if (dag.active === null) return <EmptyState title={t('noActiveTitle')}>{t('noActiveHint')}</EmptyState>
  if (version.data === undefined) return <Loading />
  const { params, paramsSchema, output } = version.data.definition
  if (params === undefined && paramsSchema === undefined && output === undefined) return <EmptyState title={t('noParams')} />
  return (
    <Stack maw={900}>
      {(
        [
          ['defaults', params],
          ['schema', paramsSchema],
          ['output', output],
        ] as const
      ).map(
        ([word, value]) =>
          value !== undefined && (
            <div key={word}>
              <Text component="h2" fw={600} mb={4}>
                {t(word)}
              </Text>
              <JsonView value={value} label={t(word)} />
            </div>
          ),
      )}
    </Stack>
  )
}

function SettingsTab({ dag, onEdit }: { dag: Dag; onEdit?: () => void }) {
  const t = useTexts(dagsTexts)
  return (
    <Stack maw={900}>
      {onEdit && (
        <Button variant="default" onClick={onEdit} style={{ alignSelf: 'flex-start' }}>
          {t('settingsEdit')}
        </Button>
      )}
      <Facts
        facts={[
          [t('name'), dag.name],
          [t('description'), dag.description],
          [t('owner'), dag.owner],
          [t('labels'), labelsText(dag.labels)],
          [t('created'), <Time key="created" at={dag.createdAt} />],
          [t('updated'), <Time key="updated" at={dag.updatedAt} />],
        ]}
      />
      <Text component="h2" fw={600}>
        {t('policies')}
      </Text>
      <JsonView value={dag.policies} label={t('policies')} />
      <Text component="h2" fw={600}>
        {t('effective')}
      </Text>
      <JsonView value={dag.effective} label={t('effective')} />
    </Stack>
  )
}

function SettingsDialog({ dag, onClose, onDone }: { dag: Dag; onClose: () => void; onDone: () => void }) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const [values, setValues] = useState({
    name: dag.name,
    description: dag.description,
    owner: dag.owner,
    labels: labelsText(dag.labels),
  })
  const [policies, setPolicies] = useState<unknown>(dag.policies)
  const labels = labelsOf(values.labels)
  const field = (key: keyof typeof values) => ({
    label: t(key),
    value: values[key],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setValues((old) => ({ ...old, [key]: currentTarget.value })),
  })
  return (
    <FormDialog
      title={t('settings')}
      submit={t('save')}
      size="lg"
      onClose={onClose}
      onSubmit={() => {
        const wanted = policies as Record<string, unknown>
        // What was taken out goes back to what is inherited.
        const gone = Object.keys(dag.policies).filter((key) => !Object.hasOwn(wanted, key))
        return api.dags.update({
          params: { dag: dag.code },
          body: {
            version: dag.version,
            ...values,
            labels: labels ?? dag.labels,
            policies: { ...wanted, ...Object.fromEntries(gone.map((key) => [key, null])) },
          },
        })
      }}
      onDone={onDone}
    >
      {(problem, refused) => (
        <>
          <TextInput {...field('name')} data-autofocus error={problem('/name')} />
          <Textarea {...field('description')} autosize error={problem('/description')} />
          <TextInput {...field('owner')} error={problem('/owner')} />
          <Textarea
            {...field('labels')}
            description={t('labelsHint')}
            autosize
            error={labels === null ? t('labelsProblem') : problem('/labels')}
          />
          <JsonField
            label={t('policies')}
            value={policies}
            onChange={(next) => setPolicies(next ?? {})}
            error={refused?.problems.find(({ path }) => path.startsWith('/body/policies'))?.message}
          />
        </>
      )}
    </FormDialog>
  )
}
