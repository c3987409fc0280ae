import type { TaskType } from '@carillon/contract'
import { Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { overridesPatch } from '../../components/overrides.ts'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useAsOpened } from '../../components/use-as-opened.ts'
import { useDraft } from '../../components/use-draft.ts'
import { useTexts } from '../../i18n/texts.ts'
import { SettingsField } from './SettingsField.tsx'
import { taskTypesTexts } from './text.ts'

interface TaskTypeFormProps {
  /** null: a new one. */
  readonly type: TaskType | null
  readonly onClose: () => void
  readonly onDone: (type: TaskType) => void
}

export function TaskTypeForm({ type: current, onClose, onDone }: TaskTypeFormProps) {
  const type = useAsOpened(current)
  const t = useTexts(taskTypesTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const apps = useQuery({ queryKey: ['apps', tenant, 'choices'], queryFn: () => api.apps.list({ query: { limit: 200 } }) })
  const kinds = useQuery({ queryKey: ['task-types', tenant, 'kinds'], queryFn: () => api.taskTypes.kinds() })
  const { draft, fields, set } = useDraft(() => ({
    code: type?.code ?? '',
    name: type?.name ?? '',
    description: type?.description ?? '',
    kind: type?.kind ?? 'handler',
    app: type?.app?.code ?? null,
    settings: (type?.settings ?? {}) as unknown,
    paramsSchema: (type?.paramsSchema ?? undefined) as unknown,
    defaults: (type?.defaults ?? {}) as unknown,
  }))
  const kind = kinds.data?.items.find(({ name }) => name === draft.kind)
  // The built-in executor is of no app.
  const app = kind?.app === 'builtin' ? null : draft.app
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
      return api.taskTypes.create({ body: { ...body, ...schema, defaults, ...(app === null ? {} : { app }) } })
    }
    return api.taskTypes.update({
      params: { type: type.id },
      body: {
        ...body,
        version: type.version,
        app,
        paramsSchema: draft.paramsSchema === undefined ? null : recordOf(draft.paramsSchema),
        defaults: overridesPatch(type.defaults, defaults),
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
      {(problem, refused) => {
        const { text, value } = fields(problem)
        return (
          <>
            <TextInput label={t('code')} required data-autofocus {...text('code')} />
            <TextInput label={t('name')} {...text('name')} />
            <Textarea label={t('description')} autosize maxRows={6} {...text('description')} />
            <Select
              label={t('kind')}
              description={kindHint(t, draft.kind)}
              required
              allowDeselect={false}
              data={[...new Set([...(kinds.data?.items.map(({ name }) => name) ?? []), draft.kind])]}
              value={draft.kind}
              error={problem('/kind')}
              // What one kind is told means nothing to another.
              onChange={(next) => next !== null && set({ kind: next, settings: next === type?.kind ? type.settings : {} })}
            />
            {kind?.app !== 'builtin' && (
              <Select
                label={t('app')}
                data={apps.data?.items.map(({ code }) => code) ?? []}
                clearable
                clearButtonProps={{ 'aria-label': `${t('app')}: ${t('noApp')}` }}
                {...value('app')}
              />
            )}
            <SettingsField kind={kind} value={draft.settings} onChange={(settings) => set({ settings })} refused={refused} />
            <JsonField label={t('schema')} {...value('paramsSchema')} />
            <JsonField label={t('defaults')} {...value('defaults')} />
          </>
        )
      }}
    </FormDialog>
  )
}

const KINDS = ['handler', 'http', 'script', 'sql', 'container', 'log', 'delay', 'xxl-job'] as const

/** Who does the work of a kind; undefined: of one that the console does not know. */
function kindHint(t: (key: `kind_${(typeof KINDS)[number]}`) => string, kind: string): string | undefined {
  const known = KINDS.find((each) => each === kind)
  return known && t(`kind_${known}`)
}
