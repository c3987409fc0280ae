import type { Task, TaskCreate } from '@carillon/contract'
import { Alert, Button, Fieldset, Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import schemas from 'virtual:carillon-schemas'
import { isConflict } from '../../api/problem.ts'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { labelsOf, labelsText } from '../../components/labels.ts'
import { policyLabels } from '../../components/policies.ts'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { tasksTexts } from './text.ts'

interface TaskFormProps {
  /** null: a new one. */
  readonly task: Task | null
  readonly onClose: () => void
  readonly onDone: (task: Task) => void
}

function draftOf(task: Task | null) {
  return {
    code: task?.code ?? '',
    type: task?.type.code ?? null,
    name: task?.name ?? '',
    description: task?.description ?? '',
    owner: task?.owner ?? '',
    labels: labelsText(task?.labels ?? {}),
    params: (task?.params ?? {}) as unknown,
    policies: (task?.policies ?? {}) as unknown,
  }
}

export function TaskForm({ task, onClose, onDone }: TaskFormProps) {
  const t = useTexts(tasksTexts)
  const policyLabel = useTexts(policyLabels)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(task))
  const [newest, setNewest] = useState<Task | null>(null)
  const set = (changes: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...changes }))
  const types = useQuery({
    queryKey: ['task-types', tenant, 'choices'],
    queryFn: () => api.taskTypes.list({ query: { limit: 200, enabled: true } }),
  })
  const type = types.data?.items.find(({ code }) => code === draft.type)
  const labels = labelsOf(draft.labels)

  const send = async () => {
    const body = {
      ...(draft.name === '' ? {} : { name: draft.name }),
      description: draft.description,
      owner: draft.owner,
      params: recordOf(draft.params),
      ...(labels === null ? {} : { labels }),
    }
    const policies = recordOf(draft.policies) as NonNullable<TaskCreate['policies']>
    if (task === null) return api.tasks.create({ body: { ...body, code: draft.code, type: draft.type ?? '', policies } })
    // What was taken away goes back to what it inherits.
    const dropped = Object.keys(task.policies).filter((key) => !(key in policies))
    const version = (newest ?? task).version
    const cleared = Object.fromEntries(dropped.map((key) => [key, null]))
    try {
      return await api.tasks.update({
        params: { task: task.id },
        body: { ...body, version, code: draft.code, type: draft.type ?? '', policies: { ...policies, ...cleared } },
      })
    } catch (error) {
      if (isConflict(error)) setNewest(await api.tasks.get({ params: { task: task.id } }))
      throw error
    }
  }

  return (
    <FormDialog
      title={task === null ? t('create') : t('editTitle', { code: task.code })}
      submit={task === null ? t('createDo') : newest === null ? t('save') : t('takeNewest', { version: newest.version })}
      size="xl"
      onClose={onClose}
      onSubmit={send}
      onDone={(saved) => {
        void client.invalidateQueries({ queryKey: ['tasks', tenant] })
        onDone(saved)
      }}
    >
      {(problem, refused) => (
        <>
          {newest !== null && <Conflict newest={newest} onTake={() => setDraft(draftOf(newest))} />}
          <TextInput
            label={t('code')}
            description={t('codeHint')}
            required
            data-autofocus
            value={draft.code}
            error={problem('/code')}
            onChange={({ currentTarget }) => set({ code: currentTarget.value })}
          />
          <Select
            label={t('type')}
            required
            searchable
            data={[
              ...new Set([...(types.data?.items.map(({ code }) => code) ?? []), ...(draft.type === null ? [] : [draft.type])]),
            ]}
            value={draft.type}
            error={problem('/type')}
            onChange={(next) => set({ type: next })}
          />
          <TextInput
            label={t('name')}
            value={draft.name}
            error={problem('/name')}
            onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          />
          <Textarea
            label={t('description')}
            autosize
            maxRows={6}
            value={draft.description}
            error={problem('/description')}
            onChange={({ currentTarget }) => set({ description: currentTarget.value })}
          />
          <TextInput
            label={t('owner')}
            value={draft.owner}
            error={problem('/owner')}
            onChange={({ currentTarget }) => set({ owner: currentTarget.value })}
          />
          <Textarea
            label={t('labels')}
            description={t('labelsHint')}
            autosize
            minRows={1}
            value={draft.labels}
            error={labels === null ? t('labelsProblem') : problem('/labels')}
            onChange={({ currentTarget }) => set({ labels: currentTarget.value })}
          />
          <Fieldset legend={t('parameters')} style={{ borderColor: 'var(--hairline)' }}>
            <ParamsEditor
              key={draft.type ?? ''}
              label={t('parameters')}
              schema={type?.paramsSchema ?? null}
              value={draft.params}
              onChange={(params) => set({ params })}
              problems={problemsBelow(refused, '/params')}
            />
          </Fieldset>
          <Fieldset legend={t('policies')} style={{ borderColor: 'var(--hairline)' }}>
            <ParamsEditor
              label={t('policies')}
              schema={schemas.policies}
              value={draft.policies}
              onChange={(policies) => set({ policies })}
              problems={problemsBelow(refused, '/policies')}
              labelOf={(pointer) => labelOfPolicy(policyLabel, pointer)}
            />
          </Fieldset>
        </>
      )}
    </FormDialog>
  )
}

/** `/retry/maxRetries` → its word, where there is one. */
function labelOfPolicy(word: (key: never) => string, pointer: string): string | undefined {
  const key = pointer.replace(/\/\d+/g, '').slice(1).replaceAll('/', '_')
  const text = word(key as never)
  return text === key ? undefined : text
}

function Conflict({ newest, onTake }: { newest: Task; onTake: () => void }) {
  const t = useTexts(tasksTexts)
  const { name, description, owner, labels, params, policies, version } = newest
  return (
    <Alert variant="outline" title={t('conflict')} style={{ borderColor: 'var(--state-timeout)', color: 'inherit' }}>
      <p>{t('conflictHint')}</p>
      <JsonView value={{ version, name, description, owner, labels, params, policies }} label={t('newest')} />
      <Button size="compact-sm" variant="default" mt="xs" onClick={onTake}>
        {t('newest')}
      </Button>
    </Alert>
  )
}
