import type { TaskType } from '@carillon/contract'
import { Badge, Button, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { PageTabs } from '../../components/PageTabs.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { checkValue } from '../../components/schema-form/check.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { TaskTypeForm } from './TaskTypeForm.tsx'
import { taskTypesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/task-types/$type')

export function TaskTypePage() {
  const { type } = route.useParams()
  const { api, code } = useTenant()
  const found = useQuery({ queryKey: ['task-types', code, type], queryFn: () => api.taskTypes.get({ params: { type } }) })
  if (found.error !== null && found.data === undefined)
    return <ErrorPanel level={1} error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return <Loading />
  return <Found type={found.data} />
}

type Dialog = 'edit' | 'copy' | 'remove' | null

function Found({ type }: { type: TaskType }) {
  const t = useTexts(taskTypesTexts)
  const { can, api, code } = useTenant()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const writable = can('definition.write')
  return (
    <>
      <PageHeader title={type.code} hint={type.name} beside={<Enabled enabled={type.enabled} />}>
        <Button variant="default" component={Link} to={`/t/${code}/tasks?type=${type.code}`}>
          {t('toTasks')}
        </Button>
        {writable && (
          <Button variant="default" onClick={() => open('copy')}>
            {t('copy')}
          </Button>
        )}
        {writable && !type.shared && (
          <>
            <Button variant="default" onClick={() => open('edit')}>
              {t('edit')}
            </Button>
            <Button variant="default" onClick={() => open('remove')}>
              {t('remove')}
            </Button>
          </>
        )}
      </PageHeader>
      <PageTabs
        label={type.code}
        tabs={[
          { value: 'overview', label: t('overview'), content: <Overview type={type} /> },
          { value: 'form', label: t('tryForm'), content: <TryForm type={type} /> },
          {
            value: 'history',
            label: t('history'),
            content: (
              <Revisions
                queryKey={['task-types', code, type.code]}
                list={(cursor) =>
                  api.taskTypes.revisions({ params: { type: type.id }, query: cursor === undefined ? {} : { cursor } })
                }
                {...(writable && !type.shared
                  ? {
                      restore: (revision: number) =>
                        api.taskTypes.restore({ params: { type: type.id }, body: { version: type.version, revision } }),
                    }
                  : {})}
              />
            ),
          },
        ]}
      />
      {dialog === 'edit' && <TaskTypeForm type={type} onClose={close} onDone={close} />}
      {dialog === 'copy' && <Copy type={type} onClose={close} />}
      <ConfirmDialog
        opened={dialog === 'remove'}
        onClose={close}
        title={t('removeTitle', { code: type.code })}
        confirm={t('remove')}
        danger
        onConfirm={async () => {
          await api.taskTypes.remove({ params: { type: type.id } })
          await navigate({ to: '/t/$tenant/task-types', params: { tenant: code } })
          client.removeQueries({ queryKey: ['task-types', code] })
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </>
  )
}

function Enabled({ enabled }: { enabled: boolean }) {
  const t = useTexts(taskTypesTexts)
  return (
    <Badge variant="outline" color="gray" c="inherit" tt="none">
      {t(enabled ? 'enabled' : 'disabled')}
    </Badge>
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
