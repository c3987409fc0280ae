import type { WorkKind } from '@carillon/contract'
import { Checkbox, Fieldset } from '@mantine/core'
import type { ApiProblem } from '../../api/problem.ts'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { taskTypesTexts } from './text.ts'

interface SettingsFieldProps {
  /** undefined: the API does not list it (any more), so nothing is known of its settings. */
  readonly kind: WorkKind | undefined
  readonly value: unknown
  readonly onChange: (settings: unknown) => void
  readonly refused: ApiProblem | null
}

/** The settings of a type as its kind describes them; or that they are left to its tasks, where the kind allows that. */
export function SettingsField({ kind, value, onChange, refused }: SettingsFieldProps) {
  const t = useTexts(taskTypesTexts)
  const problems = problemsBelow(refused, '/settings')
  if (kind === undefined)
    return <JsonField label={t('settings')} value={value} onChange={onChange} error={problems[0]?.message} />
  const isFromParams = kind.fromParams && recordOf(value)['fromParams'] === true
  return (
    <Fieldset legend={t('settings')} style={{ borderColor: 'var(--hairline)' }}>
      {kind.fromParams && (
        <Checkbox
          mb={isFromParams ? 0 : 'sm'}
          label={t('fromParams')}
          description={t('fromParamsHint')}
          checked={isFromParams}
          onChange={({ currentTarget }) => onChange(currentTarget.checked ? { fromParams: true } : {})}
        />
      )}
      {!isFromParams && (
        <ParamsEditor
          key={kind.name}
          label={t('settings')}
          schema={kind.settings}
          value={value}
          onChange={onChange}
          problems={problems}
        />
      )}
    </Fieldset>
  )
}
