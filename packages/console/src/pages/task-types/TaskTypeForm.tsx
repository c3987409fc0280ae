import type { TaskType } from '@carillon/contract'
import { Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { taskTypesTexts } from './text.ts'

interface TaskTypeFormProps {
  /** null: a new one. */
  readonly type: TaskType | null
  readonly onClose: () => void
  readonly onDone: (type: TaskType) => void
}

export function TaskTypeForm({ type, onClose, onDone }: TaskTypeFormProps) {
  const t = useTexts(taskTypesTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const apps = useQuery({ queryKey: ['apps', tenant, 'choices'], queryFn: () => api.apps.list({ query: { limit: 200 } }) })
  const [draft, setDraft] = useState({
    code: type?.code ?? '',
    name: type?.name ?? '',
    description: type?.description ?? '',
    kind: type?.kind ?? 'handler',
    app: type?.app?.code ?? null,
    settings: (type?.settings ?? {}) as unknown,
    paramsSchema: (type?.paramsSchema ?? undefined) as unknown,
    defaults: (type?.defaults ?? {}) as unknown,
  })
  const set = (changes: Partial<typeof draft>) => setDraft({ ...draft, ...changes })
  const send = () => {
    const body = {
      code: draft.code,
      kind: draft.kind,
      ...(draft.name === '' ? {} : { name: draft.name }),
      description: draft.description,
      settings: recordOf(draft.settings),
    }
    const defaults = recordOf(draft.defaults)
    if (type === null) {
      const schema = draft.paramsSchema === undefined ? {} : { paramsSchema: recordOf(draft.paramsSchema) }
      return api.taskTypes.create({ body: { ...body, ...schema, defaults, ...(draft.app === null ? {} : { app: draft.app }) } })
    }
    // What was taken out of the text goes back to what it inherits.
    const dropped = Object.keys(type.defaults).filter((key) => !(key in defaults))
    return api.taskTypes.update({
      params: { type: type.id },
      body: {
        ...body,
        version: type.version,
        app: draft.app,
        paramsSchema: draft.paramsSchema === undefined ? null : recordOf(draft.paramsSchema),
        defaults: { ...defaults, ...Object.fromEntries(dropped.map((key) => [key, null])) },
      },
    })
  }
  return (
    <FormDialog
      title={type === null ? t('create') : t('editTitle', { code: type.code })}
      submit={type === null ? t('createDo') : t('save')}
      size="lg"
      onClose={onClose}
      onSubmit={send}
      onDone={(saved) => {
        void client.invalidateQueries({ queryKey: ['task-types', tenant] })
        onDone(saved)
      }}
    >
      {(problem) => (
        <>
          <TextInput
            label={t('code')}
            required
            data-autofocus
            value={draft.code}
            error={problem('/code')}
            onChange={({ currentTarget }) => set({ code: currentTarget.value })}
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
            label={t('kind')}
            description={t('kindHint')}
            required
            value={draft.kind}
            error={problem('/kind')}
            onChange={({ currentTarget }) => set({ kind: currentTarget.value })}
          />
          <Select
            label={t('app')}
            data={apps.data?.items.map(({ code }) => code) ?? []}
            value={draft.app}
            clearable
            clearButtonProps={{ 'aria-label': `${t('app')}: ${t('noApp')}` }}
            error={problem('/app')}
            onChange={(app) => set({ app })}
          />
          <JsonField
            label={t('settings')}
            value={draft.settings}
            error={problem('/settings')}
            onChange={(settings) => set({ settings })}
          />
          <JsonField
            label={t('schema')}
            value={draft.paramsSchema}
            error={problem('/paramsSchema')}
            onChange={(paramsSchema) => set({ paramsSchema })}
          />
          <JsonField
            label={t('defaults')}
            value={draft.defaults}
            error={problem('/defaults')}
            onChange={(defaults) => set({ defaults })}
          />
        </>
      )}
    </FormDialog>
  )
}
