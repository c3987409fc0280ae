import type { Task } from '@carillon/contract'
import { Checkbox, Group, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { say } from '../../app/Notice.tsx'
import { useTenant } from '../../app/session.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { checkValue } from '../../components/schema-form/check.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { numberOf, recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { changedParams } from './changed-params.ts'
import { tasksTexts } from './text.ts'

/** Runs a task now: its parameters as a form over the task's own, then to the run. */
export function TriggerDialog({ task: ref, onClose }: { task: string; onClose: () => void }) {
  const { api, code: tenant } = useTenant()
  const task = useQuery({ queryKey: ['tasks', tenant, ref], queryFn: () => api.tasks.get({ params: { task: ref } }) })
  const typeId = task.data?.type.id
  const type = useQuery({
    queryKey: ['task-types', tenant, typeId],
    queryFn: () => api.taskTypes.get({ params: { type: typeId! } }),
    enabled: typeId !== undefined,
  })
  if (task.data === undefined || type.data === undefined) return null
  return <Trigger task={task.data} schema={type.data.paramsSchema} onClose={onClose} />
}

interface TriggerProps {
  readonly task: Task
  readonly schema: Readonly<Record<string, unknown>> | null
  readonly onClose: () => void
}

function Trigger({ task, schema, onClose }: TriggerProps) {
  const t = useTexts(tasksTexts)
  const { api, code: tenant, can } = useTenant()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [params, setParams] = useState<unknown>(task.params)
  const [priority, setPriority] = useState('')
  const [bypass, setBypass] = useState(false)
  const [force, setForce] = useState(false)
  const changed = changedParams(task.params, recordOf(params))
  const problems = schema === null ? [] : checkValue(schema, params)
  const body = {
    ...(Object.keys(changed).length === 0 ? {} : { params: changed }),
    ...(priority === '' ? {} : { priority: numberOf(priority) as number }),
    ...(bypass ? { bypassConcurrency: true } : {}),
    ...(force ? { force: true } : {}),
  }
  return (
    <FormDialog
      title={t('runTitle', { code: task.code })}
      submit={t('runDo')}
      size="lg"
      onClose={onClose}
      onSubmit={() => api.runs.trigger({ params: { task: task.id }, body })}
      onDone={({ runId, state, reason }) => {
        const skipped = state === 'SKIPPED'
        say(skipped ? t('skipped', { id: runId, reason }) : t('started', { id: runId }))
        void client.invalidateQueries({ queryKey: ['runs', tenant] })
        void navigate({ to: '/t/$tenant/runs/$run', params: { tenant, run: String(runId) } })
      }}
    >
      {(problem, refused) => (
        <>
          <ParamsEditor
            label={t('parameters')}
            schema={schema}
            value={params}
            onChange={setParams}
            problems={refused === null ? problems : [...problemsBelow(refused, '/params'), ...problems]}
          />
          <TextInput
            label={t('priority')}
            description={t('priorityHint', { priority: task.effective.priority })}
            inputMode="numeric"
            value={priority}
            error={problem('/priority')}
            onChange={({ currentTarget }) => setPriority(currentTarget.value)}
          />
          {can('run.bypass') && (
            <Checkbox label={t('bypass')} checked={bypass} onChange={({ currentTarget }) => setBypass(currentTarget.checked)} />
          )}
          {can('run.force') && !task.enabled && (
            <Checkbox label={t('force')} checked={force} onChange={({ currentTarget }) => setForce(currentTarget.checked)} />
          )}
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              {t('asCommand')}
            </Text>
            <CopyButton text={commandOf(task.code, changed)} label={t('asCommand')} />
            <Text size="xs" c="dimmed">
              {t('asCurl')}
            </Text>
            <CopyButton text={curlOf(task.code, body)} label={t('asCurl')} />
          </Group>
        </>
      )}
    </FormDialog>
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function commandOf(task: string, params: object): string {
  return `carillon trigger ${task}${Object.keys(params).length === 0 ? '' : ` --params ${quoted(JSON.stringify(params))}`}`
}

function curlOf(task: string, body: object): string {
  const url = `${window.location.origin}/api/v1/tasks/${encodeURIComponent(task)}/trigger`
  return `curl -X POST ${quoted(url)} -H "authorization: Bearer $CARILLON_TOKEN" -H 'content-type: application/json' -d ${quoted(JSON.stringify(body))}`
}
