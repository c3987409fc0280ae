import type { Run, Task } from '@carillon/contract'
import { Anchor, Badge, Button, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable, Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { PageTabs } from '../../components/PageTabs.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { runsTexts } from '../runs/text.ts'
import { TaskForm } from './TaskForm.tsx'
import { tasksTexts } from './text.ts'
import { TriggerDialog } from './TriggerDialog.tsx'

const route = getRouteApi('/t/$tenant/tasks/$task')

export function TaskPage() {
  const { task } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['tasks', code, task],
    queryFn: () => api.tasks.get({ params: { task } }),
    // People change it, not time.
    changes: () => false,
  })
  if (found.error !== null && found.data === undefined)
    return <ErrorPanel level={1} error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return <Loading />
  return <Found key={found.data.id} task={found.data} />
}

type Dialog = 'run' | 'edit' | 'copy' | 'remove' | 'disable' | null

function Found({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  const { can, api, code } = useTenant()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const writable = can('definition.write')
  const changed = () => client.invalidateQueries({ queryKey: ['tasks', code] })
  return (
    <>
      <PageHeader
        title={task.code}
        hint={task.name}
        beside={
          <Badge variant="outline" color="gray" c="inherit" tt="none">
            {t(task.enabled ? 'enabled' : 'disabled')}
          </Badge>
        }
      >
        {can('run.trigger') && (
          <Button leftSection={<Play size={14} aria-hidden />} onClick={() => open('run')}>
            {t('run')}
          </Button>
        )}
        {writable && (
          <>
            <Button variant="default" onClick={() => open('edit')}>
              {t('edit')}
            </Button>
            {task.enabled ? (
              <Button variant="default" onClick={() => open('disable')}>
                {t('disable')}
              </Button>
            ) : (
              <Button variant="default" onClick={() => void api.tasks.enable({ params: { task: task.id } }).then(changed)}>
                {t('enable')}
              </Button>
            )}
            <Button variant="default" onClick={() => open('copy')}>
              {t('copy')}
            </Button>
            <Button variant="default" onClick={() => open('remove')}>
              {t('remove')}
            </Button>
          </>
        )}
      </PageHeader>
      <PageTabs
        label={task.code}
        tabs={[
          { value: 'overview', label: t('overview'), content: <Overview task={task} /> },
          { value: 'runs', label: t('runs'), content: <RunsOf task={task} /> },
          { value: 'schedules', label: t('schedules'), content: <SchedulesOf task={task} /> },
          { value: 'policies', label: t('policies'), content: <PoliciesOf task={task} /> },
          {
            value: 'history',
            label: t('history'),
            content: (
              <Revisions
                queryKey={['tasks', code, task.code]}
                list={(cursor) => api.tasks.revisions({ params: { task: task.id }, query: given({ cursor }) })}
                {...(writable
                  ? {
                      restore: (revision: number) =>
                        api.tasks.restore({ params: { task: task.id }, body: { version: task.version, revision } }),
                    }
                  : {})}
              />
            ),
          },
        ]}
      />
      {dialog === 'run' && <TriggerDialog task={task.code} onClose={close} />}
      {dialog === 'edit' && (
        <TaskForm
          task={task}
          onClose={close}
          onDone={(saved) => {
            close()
            if (saved.code !== task.code)
              void navigate({ to: '/t/$tenant/tasks/$task', params: { tenant: code, task: saved.code } })
          }}
        />
      )}
      {dialog === 'copy' && <CopyTask task={task} onClose={close} />}
      <ConfirmDialog
        opened={dialog === 'disable'}
        onClose={close}
        title={t('disableTitle', { code: task.code })}
        confirm={t('disable')}
        onConfirm={() => api.tasks.disable({ params: { task: task.id } }).then(changed)}
      >
        {t('disableHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: task.code })}
        confirm={t('remove')}
        danger
        onConfirm={async () => {
          await api.tasks.remove({ params: { task: task.id } })
          await navigate({ to: '/t/$tenant/tasks', params: { tenant: code } })
          client.removeQueries({ queryKey: ['tasks', code] })
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </>
  )
}

function Overview({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  const { code } = useTenant()
  return (
    <Stack>
      {task.description !== '' && <Text className="foreign">{task.description}</Text>}
      <Facts
        facts={[
          [
            t('type'),
            <Anchor key="type" component={Link} to={`/t/${code}/task-types/${task.type.code}`} size="sm">
              {task.type.code}
            </Anchor>,
          ],
          [t('owner'), task.owner],
          [t('runnableBy'), task.runnableBy?.join(', ')],
          [
            t('downstream'),
            task.downstream.map(({ task: next, outcomes }) => `${next.code} (${outcomes.join(', ')})`).join(', '),
          ],
          [
            t('labels'),
            Object.entries(task.labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(', '),
          ],
          [t('version'), task.version],
          [t('created'), <Time key="created" at={task.createdAt} />],
          [t('updated'), <Time key="updated" at={task.updatedAt} />],
        ]}
      />
      <Text component="h2" fw={600}>
        {t('parameters')}
      </Text>
      <Text size="sm" c="dimmed">
        {t('parametersHint')}
      </Text>
      <JsonView value={task.params} label={t('parameters')} />
      {Object.keys(task.environment).length > 0 && (
        <>
          <Text component="h2" fw={600}>
            {t('environment')}
          </Text>
          <JsonView value={task.environment} label={t('environment')} />
        </>
      )}
    </Stack>
  )
}

function PoliciesOf({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  return (
    <Stack maw={900}>
      <Text c="dimmed">{t('policiesHint')}</Text>
      <Text component="h2" fw={600}>
        {t('policies')}
      </Text>
      <JsonView value={task.policies} label={t('policies')} />
      <Text component="h2" fw={600}>
        {t('effective')}
      </Text>
      <JsonView value={task.effective} label={t('effective')} />
    </Stack>
  )
}

function RunsOf({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  const r = useTexts(runsTexts)
  const { api, code } = useTenant()
  const list = useLiveList<Run>(listTopic({ kind: 'runs', tenant: code, query: { task: String(task.id) } }), {
    queryKey: ['runs', code, { task: task.id }],
    page: (cursor, signal) => api.runs.list({ query: given({ task: String(task.id), cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <DataTable
      label={t('runs')}
      list={list}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('noRuns')} command={`carillon trigger ${task.code}`} />}
      columns={[
        {
          id: 'run',
          header: r('id'),
          cell: (run) => (
            <Anchor component={Link} to={`/t/${code}/runs/${run.id}`} size="sm">
              #{run.id}
            </Anchor>
          ),
        },
        { id: 'state', header: t('state'), cell: (run) => <StateBadge state={run.state} note={run.reason ?? undefined} /> },
        {
          id: 'origin',
          header: t('origin'),
          wide: true,
          cell: (run) => (
            <span className="foreign">
              {r(run.origin)} · {run.schedule?.code ?? run.startedBy}
            </span>
          ),
        },
        { id: 'created', header: t('created'), cell: (run) => <Time at={run.createdAt} /> },
        { id: 'ran', header: t('ran'), align: 'right', cell: (run) => <Duration from={run.startedAt} to={run.endedAt} /> },
      ]}
    />
  )
}

function SchedulesOf({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  const { api, code } = useTenant()
  const schedules = useQuery({
    queryKey: ['schedules', code, { task: task.id }],
    queryFn: () => api.schedules.list({ query: { task: String(task.id), limit: 200 } }),
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
        { id: 'timing', header: t('timing'), wide: true, cell: ({ timing }) => <code>{timingText(timing)}</code> },
        { id: 'state', header: t('state'), cell: ({ paused }) => t(paused ? 'paused' : 'active') },
        { id: 'next', header: t('nextFire'), cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
      ]}
    />
  )
}

function timingText(timing: object): string {
  const { kind, expression, timezone, everyMs, delayMs } = timing as Record<string, unknown>
  return [kind, expression, everyMs, delayMs, timezone].filter((part) => part !== undefined).join(' ')
}

function CopyTask({ task, onClose }: { task: Task; onClose: () => void }) {
  const t = useTexts(tasksTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  const [code, setCode] = useState(`${task.code}-copy`)
  return (
    <FormDialog
      title={t('copyTitle', { code: task.code })}
      submit={t('copy')}
      onClose={onClose}
      onSubmit={() => api.tasks.copy({ params: { task: task.id }, body: { code } })}
      onDone={(copy) => void navigate({ to: '/t/$tenant/tasks/$task', params: { tenant, task: copy.code } })}
    >
      {(problem) => (
        <TextInput
          label={t('code')}
          description={t('copyHint')}
          required
          data-autofocus
          value={code}
          error={problem('/code')}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
        />
      )}
    </FormDialog>
  )
}
