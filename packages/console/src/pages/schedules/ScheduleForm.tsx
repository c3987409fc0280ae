import type { ScheduleView } from '@carillon/contract'
import {
  Alert,
  Autocomplete,
  Fieldset,
  Group,
  MultiSelect,
  SegmentedControl,
  Select,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { labelsOf } from '../../components/labels.ts'
import { LabelsField } from '../../components/LabelsField.tsx'
import { zoneName } from '../../components/moments.ts'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useAsOpened } from '../../components/use-as-opened.ts'
import { useDraft, type Problem } from '../../components/use-draft.ts'
import { useNewest } from '../../components/use-newest.ts'
import { useLanguage, useTexts } from '../../i18n/texts.ts'
import { cronWords } from './cron-words.ts'
import { draftOf, misfireOf, timesOf, type Draft } from './draft.ts'
import { NextFires } from './NextFires.tsx'
import { schedulesTexts } from './text.ts'

interface ScheduleFormProps {
  /** null: a new one. */
  readonly schedule: ScheduleView | null
  readonly onClose: () => void
  readonly onDone: (schedule: ScheduleView) => void
}

interface PartProps {
  readonly draft: Draft
  readonly set: (changes: Partial<Draft>) => void
  readonly problem: Problem
}

export function ScheduleForm({ schedule: current, onClose, onDone }: ScheduleFormProps) {
  const schedule = useAsOpened(current)
  const t = useTexts(schedulesTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const { draft, set, fields } = useDraft(() => draftOf(schedule, zoneName('local')))
  const { newest, sending } = useNewest(() => api.schedules.get({ params: { schedule: schedule!.id } }))
  const labels = labelsOf(draft.labels)
  const send = async () => {
    const body = {
      ...timesOf(draft),
      code: draft.code,
      ...(draft.name === '' ? {} : { name: draft.name }),
      description: draft.description,
      params: recordOf(draft.params),
      priority: draft.priority === '' ? null : Number(draft.priority),
      misfire: misfireOf(draft),
      ...(labels === null ? {} : { labels }),
    }
    if (schedule === null) return api.schedules.create({ body: { ...body, [draft.targetKind]: draft.target } })
    const { version } = newest ?? schedule
    return sending(() => api.schedules.update({ params: { schedule: schedule.id }, body: { ...body, version } }))
  }
  return (
    <FormDialog
      title={schedule === null ? t('create') : t('editTitle', { code: schedule.code })}
      submit={t(schedule === null ? 'createDo' : 'save')}
      size="xl"
      onClose={onClose}
      onSubmit={send}
      onDone={(saved) => {
        void client.invalidateQueries({ queryKey: ['schedules', tenant] })
        onDone(saved)
      }}
    >
      {(problem) => {
        const { text } = fields(problem)
        const part = { draft, set, problem }
        return (
          <>
            {newest !== null && (
              <Alert role="alert" title={t('conflict')}>
                {t('conflictHint', { version: newest.version })}
              </Alert>
            )}
            <TextInput label={t('code')} description={t('codeHint')} required data-autofocus {...text('code')} />
            {schedule === null && <TargetFields {...part} />}
            <TimingFields {...part} />
            <DraftPreview draft={draft} />
            <BoundFields {...part} />
            <MisfireFields {...part} />
            <JsonField
              label={t('parameters')}
              description={t('parametersHint')}
              value={draft.params}
              onChange={(params) => set({ params: params ?? {} })}
              error={problem('/params')}
            />
            <Field name="priority" hint={t('priorityHint')} pointer="/priority" {...part} />
            <Field name="name" pointer="/name" {...part} />
            <Textarea label={t('description')} autosize maxRows={6} {...text('description')} />
            <LabelsField {...text('labels')} />
          </>
        )
      }}
    </FormDialog>
  )
}

interface FieldProps extends PartProps {
  readonly name:
    | 'priority'
    | 'name'
    | 'maxFires'
    | 'perMinute'
    | 'expression'
    | 'timezone'
    | 'jitter'
    | 'at'
    | 'startAt'
    | 'endAt'
    | 'anchorAt'
  readonly pointer: string
  readonly hint?: ReactNode
  readonly moment?: true
  readonly required?: true
}

/** A field that is one text of the draft under its own name. */
function Field({ name, pointer, hint, moment, required, draft, set, problem }: FieldProps) {
  const t = useTexts(schedulesTexts)
  return (
    <TextInput
      label={t(name)}
      description={moment ? t('myZone', { zone: zoneName('local') }) : hint}
      type={moment ? 'datetime-local' : 'text'}
      {...(moment ? { step: 1 } : {})}
      required={required ?? false}
      value={draft[name]}
      error={problem(pointer)}
      onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
      style={{ flex: 1, minWidth: 200 }}
    />
  )
}

function TargetFields({ draft, set, problem }: PartProps) {
  const t = useTexts(schedulesTexts)
  const { api, code: tenant } = useTenant()
  const [q] = useDebouncedValue(draft.target, 250)
  const known = useQuery({
    queryKey: ['schedules', tenant, 'targets', draft.targetKind, q],
    queryFn: async ({ signal }) => {
      const query = { limit: 20, ...(q === '' ? {} : { q }) }
      const { items } =
        draft.targetKind === 'task' ? await api.tasks.list({ query }, { signal }) : await api.dags.list({ query }, { signal })
      return items.map(({ code }) => code)
    },
    placeholderData: (previous) => previous,
  })
  return (
    <Group align="flex-end" gap="sm">
      <SegmentedControl
        aria-label={t('targetKind')}
        data={[
          { value: 'task', label: t('task') },
          { value: 'dag', label: t('dag') },
        ]}
        value={draft.targetKind}
        onChange={(next) => set({ targetKind: next as Draft['targetKind'], target: '' })}
      />
      <Autocomplete
        label={t(draft.targetKind)}
        description={t('targetHint')}
        required
        data={known.data ?? []}
        value={draft.target}
        error={problem(`/${draft.targetKind}`) ?? problem('/task')}
        onChange={(target) => set({ target })}
        style={{ flex: 1, minWidth: 200 }}
      />
    </Group>
  )
}

const KINDS = ['CRON', 'FIXED_RATE', 'FIXED_DELAY', 'ONCE', 'MANUAL'] as const
const DSTS = ['DEFAULT', 'SKIP', 'SHIFT', 'BOTH'] as const

function TimingFields({ draft, set, problem }: PartProps) {
  const t = useTexts(schedulesTexts)
  const part = { draft, set, problem }
  return (
    <Fieldset legend={t('timing')} style={{ borderColor: 'var(--hairline)' }}>
      <Select
        label={t('kind')}
        data={KINDS.map((value) => ({ value, label: t(value) }))}
        value={draft.kind}
        allowDeselect={false}
        error={problem('/timing/kind') ?? problem('/timing')}
        onChange={(next) => set({ kind: (next ?? 'CRON') as Draft['kind'] })}
        mb="sm"
      />
      {draft.kind === 'CRON' && (
        <Group align="flex-start">
          <Field name="expression" pointer="/timing/expression" hint={t('expressionHint')} required {...part} />
          <Field name="timezone" pointer="/timing/timezone" hint={t('timezoneHint')} required {...part} />
          <Select
            label={t('dst')}
            data={DSTS.map((value) => ({ value, label: t(value) }))}
            value={draft.dst}
            allowDeselect={false}
            error={problem('/timing/dst')}
            onChange={(next) => set({ dst: (next ?? 'DEFAULT') as Draft['dst'] })}
            w="100%"
          />
        </Group>
      )}
      {(draft.kind === 'FIXED_RATE' || draft.kind === 'FIXED_DELAY') && (
        <Group align="flex-end">
          <TextInput
            label={t(draft.kind === 'FIXED_RATE' ? 'everySeconds' : 'delaySeconds')}
            inputMode="decimal"
            required
            value={draft.seconds}
            error={problem(draft.kind === 'FIXED_RATE' ? '/timing/everyMs' : '/timing/delayMs')}
            onChange={({ currentTarget }) => set({ seconds: currentTarget.value })}
            style={{ flex: 1, minWidth: 200 }}
          />
          {draft.kind === 'FIXED_RATE' && <Field name="anchorAt" pointer="/timing/anchorAt" moment {...part} />}
        </Group>
      )}
      {draft.kind === 'ONCE' && <Field name="at" pointer="/timing/at" moment required {...part} />}
    </Fieldset>
  )
}

/** What the server makes of it while it is typed: its words, and its next fires. */
function DraftPreview({ draft }: { draft: Draft }) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  const { api, code } = useTenant()
  const times = timesOf(draft)
  const [settled] = useDebouncedValue(JSON.stringify(times), 350)
  const blank = draft.kind === 'MANUAL' || draft.kind === 'FIXED_DELAY' || (draft.kind === 'CRON' && draft.expression === '')
  const preview = useQuery({
    queryKey: ['schedules', code, 'draft', settled],
    queryFn: ({ signal }) =>
      api.schedules.previewDraft({ body: { ...(JSON.parse(settled) as typeof times), count: 20 } }, { signal }),
    enabled: !blank && !(draft.kind === 'ONCE' && draft.at === ''),
    retry: false,
  })
  if (blank) return null
  const words = draft.kind === 'CRON' ? cronWords(draft.expression, language) : null
  return (
    <div>
      <div aria-live="polite">
        {words !== null && <Text fw={600}>{words}</Text>}
        {preview.error !== null && (
          <Text size="sm" c="var(--state-failed)">
            {preview.error.message}
          </Text>
        )}
      </div>
      {preview.data !== undefined && preview.error === null && (
        <NextFires preview={preview.data} label={t('draftFires')} atMost={240} />
      )}
    </div>
  )
}

function BoundFields({ draft, set, problem }: PartProps) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const part = { draft, set, problem }
  const calendars = useQuery({
    queryKey: ['calendars', code, 'choices'],
    queryFn: ({ signal }) => api.calendars.list({ query: { limit: 200 } }, { signal }),
  })
  const known = calendars.data?.items.map((calendar) => calendar.code) ?? []
  const choices = [...new Set([...known, ...draft.include, ...draft.exclude])]
  return (
    <Fieldset legend={t('restrictions')} style={{ borderColor: 'var(--hairline)' }}>
      <Group align="flex-end" mb="sm">
        {(['include', 'exclude'] as const).map((mode) => (
          <MultiSelect
            key={mode}
            label={t(mode)}
            data={choices}
            value={[...draft[mode]]}
            error={problem('/calendars')}
            onChange={(next) => set({ [mode]: next })}
            style={{ flex: 1, minWidth: 200 }}
          />
        ))}
      </Group>
      <Group align="flex-end" mb="sm">
        <Field name="startAt" pointer="/startAt" moment {...part} />
        <Field name="endAt" pointer="/endAt" moment {...part} />
      </Group>
      <Field name="jitter" pointer="/jitterMs" hint={t('jitterHint')} {...part} />
    </Fieldset>
  )
}

const MISFIRES = ['SKIP', 'FIRE_ONCE', 'CATCH_UP'] as const

function MisfireFields({ draft, set, problem }: PartProps) {
  const t = useTexts(schedulesTexts)
  const part = { draft, set, problem }
  return (
    <>
      <Select
        label={t('misfire')}
        data={[{ value: 'inherit', label: t('inherit') }, ...MISFIRES.map((value) => ({ value, label: t(`misfire_${value}`) }))]}
        value={draft.misfire}
        allowDeselect={false}
        error={problem('/misfire')}
        onChange={(next) => set({ misfire: (next ?? 'inherit') as Draft['misfire'] })}
      />
      {draft.misfire === 'CATCH_UP' && (
        <Group align="flex-end">
          <Field name="maxFires" pointer="/misfire/maxFires" {...part} />
          <TextInput
            label={t('windowSeconds')}
            inputMode="decimal"
            value={draft.window}
            error={problem('/misfire/windowMs')}
            onChange={({ currentTarget }) => set({ window: currentTarget.value })}
            style={{ flex: 1, minWidth: 200 }}
          />
          <Field name="perMinute" pointer="/misfire/perMinute" {...part} />
        </Group>
      )}
    </>
  )
}
