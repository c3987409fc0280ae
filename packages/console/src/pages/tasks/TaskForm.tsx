import type { Task } from '@carillon/contract'
import { Alert, Button, Fieldset, Select, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import schemas from 'virtual:carillon-schemas'
import type { ApiProblem } from '../../api/problem.ts'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { LabelsField } from '../../components/LabelsField.tsx'
import { policyLabels } from '../../components/policies.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { useAsOpened } from '../../components/use-as-opened.ts'
import { useDraft, type DraftForm, type Problem } from '../../components/use-draft.ts'
import { useNewest } from '../../components/use-newest.ts'
import { useTexts } from '../../i18n/texts.ts'
import { changeOf, creationOf, draftOf, type Draft } from './draft.ts'
import { SelectorField } from './SelectorField.tsx'
import { tasksTexts } from './text.ts'

interface TaskFormProps {
  /** null: a new one. */
  readonly task: Task | null
  readonly onClose: () => void
  readonly onDone: (task: Task) => void
}

export function TaskForm({ task: current, onClose, onDone }: TaskFormProps) {
  const task = useAsOpened(current)
  const t = useTexts(tasksTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const form = useDraft(() => draftOf(task))
  const { newest, sending } = useNewest(() => api.tasks.get({ params: { task: task!.id } }))
  const send = async () => {
    if (task === null) return api.tasks.create({ body: creationOf(form.draft) })
    const body = changeOf(form.draft, task, (newest ?? task).version)
    return sending(() => api.tasks.update({ params: { task: task.id }, body }))
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
          {newest !== null && <Conflict newest={newest} onTake={() => form.replace(draftOf(newest))} />}
          <Described form={form} problem={problem} />
          <Configured form={form} refused={refused} />
        </>
      )}
    </FormDialog>
  )
}

/** The types that a task can be of; that of the draft even if it is none of them any more. */
function useTypes(type: string | null) {
  const { api, code: tenant } = useTenant()
  const types = useQuery({
    queryKey: ['task-types', tenant, 'choices'],
    queryFn: () => api.taskTypes.list({ query: { limit: 200, enabled: true } }),
  })
  const known = types.data?.items ?? []
  return {
    codes: [...new Set([...known.map(({ code }) => code), ...(type === null ? [] : [type])])],
    chosen: known.find(({ code }) => code === type),
  }
}

/** What it is called, of which type it is, and whose. */
function Described({ form, problem }: { form: DraftForm<Draft>; problem: Problem }) {
  const t = useTexts(tasksTexts)
  const { codes } = useTypes(form.draft.type)
  const { text, value } = form.fields(problem)
  return (
    <>
      <TextInput label={t('code')} description={t('codeHint')} required data-autofocus {...text('code')} />
      <Select label={t('type')} required searchable data={codes} {...value('type')} />
      <TextInput label={t('name')} {...text('name')} />
      <Textarea label={t('description')} autosize maxRows={6} {...text('description')} />
      <TextInput label={t('owner')} {...text('owner')} />
      <LabelsField {...text('labels')} />
    </>
  )
}

/** What it is given, and the rules by which it runs. */
function Configured({ form, refused }: { form: DraftForm<Draft>; refused: ApiProblem | null }) {
  const t = useTexts(tasksTexts)
  const policyLabel = useTexts(policyLabels)
  const { draft, set } = form
  const { chosen } = useTypes(draft.type)
  return (
    <>
      <Fieldset legend={t('parameters')} style={{ borderColor: 'var(--hairline)' }}>
        <ParamsEditor
          key={draft.type ?? ''}
          label={t('parameters')}
          schema={chosen?.paramsSchema ?? null}
          value={draft.params}
          onChange={(params) => set({ params })}
          problems={problemsBelow(refused, '/params')}
        />
      </Fieldset>
      <SelectorField
        rows={draft.selector}
        onChange={(selector) => set({ selector })}
        problems={problemsBelow(refused, '/environment/selector')}
      />
      <Fieldset legend={t('policies')} style={{ borderColor: 'var(--hairline)' }}>
        <ParamsEditor
          label={t('policies')}
          schema={schemas.policies}
          value={draft.policies}
          onChange={(policies) => set({ policies })}
          problems={problemsBelow(refused, '/policies')}
          labelOf={(pointer) => wordOfPolicy(policyLabel, keyOf(pointer))}
          hintOf={(pointer) => wordOfPolicy(policyLabel, `${keyOf(pointer)}_hint`)}
          wordOf={(strategy) => withWord(strategy, wordOfPolicy(policyLabel, `route_${strategy}`))}
        />
      </Fieldset>
    </>
  )
}

/** `/retry/maxRetries` → `retry_maxRetries`; an item of a list is called by its number, what is in it as in every other. */
const keyOf = (pointer: string): string =>
  pointer
    .replace(/\/\d+\//g, '/')
    .slice(1)
    .replaceAll('/', '_')

/** Where there is one. */
function wordOfPolicy(word: (key: never) => string, key: string): string | undefined {
  const text = word(key as never)
  return text === key ? undefined : text
}

/** People who know the definitions look for what stands there. */
const withWord = (strategy: string, word: string | undefined) => (word === undefined ? undefined : `${word} (${strategy})`)

function Conflict({ newest, onTake }: { newest: Task; onTake: () => void }) {
  const t = useTexts(tasksTexts)
  const { name, description, owner, labels, params, environment, policies, version } = newest
  return (
    <Alert variant="outline" title={t('conflict')} style={{ borderColor: 'var(--state-timeout)', color: 'inherit' }}>
      <p>{t('conflictHint')}</p>
      <JsonView value={{ version, name, description, owner, labels, params, environment, policies }} label={t('newest')} />
      <Button size="compact-sm" variant="default" mt="xs" onClick={onTake}>
        {t('newest')}
      </Button>
    </Alert>
  )
}
