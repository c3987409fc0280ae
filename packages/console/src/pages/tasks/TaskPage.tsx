import type { Run, Task } from '@carillon/contract'
import { Anchor, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { BY_PEOPLE_MS, useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { Found } from '../../components/Found.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { Tag } from '../../components/Tag.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { RunsTable } from '../runs/RunsTable.tsx'
import { SchedulesTable } from '../schedules/SchedulesTable.tsx'
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
    everyMs: BY_PEOPLE_MS,
  })
  return <Found query={found}>{(task) => <TaskDetail task={task} />}</Found>
}

type Dialog = 'run' | 'edit' | 'copy' | 'remove' | 'disable' | null

function TaskDetail({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  const { can, api, code } = useTenant()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog>(null)
  const params = { task: task.id }
  const close = () => open(null)
  const writable = can('definition.write')
  const changed = () => client.invalidateQueries({ queryKey: ['tasks', code] })
  return (
    <ObjectPage
      title={task.code}
      hint={task.name}
      beside={<Tag>{t(task.enabled ? 'enabled' : 'disabled')}</Tag>}
      actions={[
        can('run.trigger') && {
          name: 'run',
          word: t('run'),
          icon: <Play size={14} aria-hidden />,
          main: true,
          act: () => open('run'),
        },
        writable && { name: 'edit', word: t('edit'), act: () => open('edit') },
        writable &&
          (task.enabled
            ? { name: 'enable', word: t('disable'), act: () => open('disable') }
            : { name: 'enable', word: t('enable'), act: () => void api.tasks.enable({ params }).then(changed) }),
        writable && { name: 'copy', word: t('copy'), act: () => open('copy') },
        writable && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
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
              list={(query) => api.tasks.revisions({ params, query })}
              restore={(revision) => api.tasks.restore({ params, body: { version: task.version, revision } })}
              mayRestore={writable}
            />
          ),
        },
      ]}
    >
      {dialog === 'run' && <TriggerDialog task={task.code} onClose={close} />}
      {dialog === 'edit' && <EditTask task={task} onClose={close} />}
      {dialog === 'copy' && <CopyTask task={task} onClose={close} />}
      <ConfirmDialog
        opened={dialog === 'disable'}
        onClose={close}
        title={t('disableTitle', { code: task.code })}
        confirm={t('disable')}
        onConfirm={() => api.tasks.disable({ params }).then(changed)}
      >
        {t('disableHint')}
      </ConfirmDialog>
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: task.code })}
        confirm={t('remove')}
        list="tasks"
        remove={() => api.tasks.remove({ params })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </ObjectPage>
  )
}

function EditTask({ task, onClose }: { task: Task; onClose: () => void }) {
  const { code } = useTenant()
  const navigate = route.useNavigate()
  return (
    <TaskForm
      task={task}
      onClose={onClose}
      onDone={(saved) => {
        onClose()
        if (saved.code !== task.code) void navigate({ to: '/t/$tenant/tasks/$task', params: { tenant: code, task: saved.code } })
      }}
    />
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
  const { api, code } = useTenant()
  const list = useLiveList<Run>(listTopic({ kind: 'runs', tenant: code, query: { task: String(task.id) } }), {
    queryKey: ['runs', code, { task: task.id }],
    page: (cursor, signal) => api.runs.list({ query: given({ task: String(task.id), cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <RunsTable
      label={t('runs')}
      list={list}
      empty={<EmptyState title={t('noRuns')} command={`carillon trigger ${task.code}`} />}
    />
  )
}

function SchedulesOf({ task }: { task: Task }) {
  const t = useTexts(tasksTexts)
  return (
    <SchedulesTable
      target={{ task: String(task.id) }}
      empty={<EmptyState title={t('noSchedules')}>{t('noSchedulesHint')}</EmptyState>}
    />
  )
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
