import type { Dag } from '@carillon/contract'
import { Button, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useTenant } from '../../app/session.tsx'
import { Facts } from '../../components/Facts.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { labelsOf, labelsText } from '../../components/labels.ts'
import { LabelsField } from '../../components/LabelsField.tsx'
import { overridesPatch } from '../../components/overrides.ts'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { Time } from '../../components/Time.tsx'
import { useAsOpened } from '../../components/use-as-opened.ts'
import { useDraft } from '../../components/use-draft.ts'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'

/** Whose it is, and the rules by which it runs. */
export function SettingsTab({ dag, onEdit }: { dag: Dag; onEdit?: () => void }) {
  const t = useTexts(dagsTexts)
  return (
    <Stack maw={900}>
      {onEdit && (
        <Button variant="default" onClick={onEdit} style={{ alignSelf: 'flex-start' }}>
          {t('settingsEdit')}
        </Button>
      )}
      <Facts
        facts={[
          [t('name'), dag.name],
          [t('description'), dag.description],
          [t('owner'), dag.owner],
          [t('labels'), labelsText(dag.labels)],
          [t('created'), <Time key="created" at={dag.createdAt} />],
          [t('updated'), <Time key="updated" at={dag.updatedAt} />],
        ]}
      />
      <Text component="h2" fw={600}>
        {t('policies')}
      </Text>
      <JsonView value={dag.policies} label={t('policies')} />
      <Text component="h2" fw={600}>
        {t('effective')}
      </Text>
      <JsonView value={dag.effective} label={t('effective')} />
    </Stack>
  )
}

export function SettingsDialog({ dag: current, onClose, onDone }: { dag: Dag; onClose: () => void; onDone: () => void }) {
  const dag = useAsOpened(current)
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const { draft, fields, set } = useDraft(() => ({
    name: dag.name,
    description: dag.description,
    owner: dag.owner,
    labels: labelsText(dag.labels),
    policies: dag.policies as unknown,
  }))
  const labels = labelsOf(draft.labels)
  return (
    <FormDialog
      title={t('settings')}
      submit={t('save')}
      size="lg"
      onClose={onClose}
      onSubmit={() =>
        api.dags.update({
          params: { dag: dag.code },
          body: {
            version: dag.version,
            ...draft,
            labels: labels ?? dag.labels,
            policies: overridesPatch(dag.policies, draft.policies as Record<string, unknown>),
          },
        })
      }
      onDone={onDone}
    >
      {(problem, refused) => {
        const { text, value } = fields(problem)
        return (
          <>
            <TextInput label={t('name')} {...text('name')} data-autofocus />
            <Textarea label={t('description')} {...text('description')} autosize />
            <TextInput label={t('owner')} {...text('owner')} />
            <LabelsField {...text('labels')} />
            <JsonField
              label={t('policies')}
              {...value('policies')}
              onChange={(next) => set({ policies: next ?? {} })}
              error={refused?.problems.find(({ path }) => path.startsWith('/body/policies'))?.message}
            />
          </>
        )
      }}
    </FormDialog>
  )
}
