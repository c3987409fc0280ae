import type { TaskType } from '@carillon/contract'
import { Stack, Text, TextInput } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { BY_PEOPLE_MS, useLive } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { Found } from '../../components/Found.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { checkValue } from '../../components/schema-form/check.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { Tag } from '../../components/Tag.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { TaskTypeForm } from './TaskTypeForm.tsx'
import { taskTypesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/task-types/$type')

export function TaskTypePage() {
  const { type } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['task-types', code, type],
    queryFn: () => api.taskTypes.get({ params: { type } }),
    everyMs: BY_PEOPLE_MS,
  })
  return <Found query={found}>{(taskType) => <TaskTypeDetail type={taskType} />}</Found>
}

type Dialog = 'edit' | 'copy' | 'remove' | null

function TaskTypeDetail({ type }: { type: TaskType }) {
  const t = useTexts(taskTypesTexts)
  const { can, api, code } = useTenant()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const params = { type: type.id }
  const writable = can('definition.write')
  const own = writable && !type.shared
  return (
    <ObjectPage
      title={type.code}
      hint={type.name}
      beside={<Tag>{t(type.enabled ? 'enabled' : 'disabled')}</Tag>}
      actions={[
        { name: 'toTasks', word: t('toTasks'), to: `/t/${code}/tasks?type=${type.code}` },
        writable && { name: 'copy', word: t('copy'), act: () => open('copy') },
        own && { name: 'edit', word: t('edit'), act: () => open('edit') },
        own && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
      tabs={[
        { value: 'overview', label: t('overview'), content: <Overview type={type} /> },
        { value: 'form', label: t('tryForm'), content: <TryForm type={type} /> },
        {
          value: 'history',
          label: t('history'),
          content: (
            <Revisions
              queryKey={['task-types', code, type.code]}
              list={(query) => api.taskTypes.revisions({ params, query })}
              restore={(revision) => api.taskTypes.restore({ params, body: { version: type.version, revision } })}
              mayRestore={own}
            />
          ),
        },
      ]}
    >
      {dialog === 'edit' && <TaskTypeForm type={type} onClose={close} onDone={close} />}
      {dialog === 'copy' && <Copy type={type} onClose={close} />}
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: type.code })}
        confirm={t('remove')}
        list="task-types"
        remove={() => api.taskTypes.remove({ params })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </ObjectPage>
  )
}

function Overview({ type }: { type: TaskType }) {
  const t = useTexts(taskTypesTexts)
  return (
    <Stack>
      {type.description !== '' && <Text className="foreign">{type.description}</Text>}
      <Facts
        facts={[
          [t('kind'), type.kind],
          [t('app'), type.app?.code ?? t('noApp')],
          [t('shared'), t(type.shared ? 'ofPlatform' : 'ofTenant')],
          [t('version'), type.version],
          [t('created'), <Time key="created" at={type.createdAt} />],
          [t('updated'), <Time key="updated" at={type.updatedAt} />],
          ...Object.entries(type.labels).map(([key, value]) => [key, value] as const),
        ]}
      />
      <Section title={t('settings')} value={type.settings} />
      <Section title={t('defaults')} value={type.defaults} />
      {type.paramsSchema !== null && <Section title={t('schema')} value={type.paramsSchema} />}
    </Stack>
  )
}

function Section({ title, value }: { title: string; value: unknown }) {
  return (
    <section>
      <Text component="h2" fw={600} mb={4}>
        {title}
      </Text>
      <JsonView value={value} label={title} />
    </section>
  )
}

/** The form that the schema makes, to look at and to type into. */
function TryForm({ type }: { type: TaskType }) {
  const t = useTexts(taskTypesTexts)
  const [value, setValue] = useState<unknown>({})
  const [touched, setTouched] = useState(false)
  const problems = touched && type.paramsSchema !== null ? checkValue(type.paramsSchema, value) : []
  return (
    <Stack maw={720}>
      <Text c="dimmed">{t('tryFormHint')}</Text>
      <ParamsEditor
        label={t('parameters')}
        schema={type.paramsSchema}
        value={value}
        onChange={(next) => {
          setTouched(true)
          setValue(next)
        }}
        problems={problems}
      />
    </Stack>
  )
}

function Copy({ type, onClose }: { type: TaskType; onClose: () => void }) {
  const t = useTexts(taskTypesTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  const [code, setCode] = useState(`${type.code.replace(/^platform\./, '')}-copy`)
  return (
    <FormDialog
      title={t('copyTitle', { code: type.code })}
      submit={t('copyDo')}
      onClose={onClose}
      onSubmit={() => api.taskTypes.copy({ params: { type: type.id }, body: { code } })}
      onDone={(copy) => {
        onClose()
        void navigate({ to: '/t/$tenant/task-types/$type', params: { tenant, type: copy.code } })
      }}
    >
      {(problem) => (
        <TextInput
          label={t('code')}
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
