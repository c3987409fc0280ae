import { Checkbox, PasswordInput, Select, Textarea, TextInput } from '@mantine/core'
import { useTexts } from '../i18n/texts.ts'
import { signInTexts } from '../pages/sign-in/text.ts'

/** A field of a plain form. All values are texts, but a flag's; `lines`: one item a line. */
export interface FieldSpec {
  readonly key: string
  readonly label: string
  readonly hint?: string
  readonly kind?: 'text' | 'long' | 'lines' | 'choice' | 'flag' | 'password' | 'number' | 'moment'
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  readonly required?: boolean
  /** Where it stands in the body, if not under its key. */
  readonly pointer?: string
}

export type FormValues = Readonly<Record<string, string | boolean>>

interface FormFieldsProps {
  readonly fields: readonly FieldSpec[]
  readonly values: FormValues
  readonly onChange: (values: FormValues) => void
  readonly problem: (pointer: string) => string | undefined
}

export function FormFields({ fields, values, onChange, problem }: FormFieldsProps) {
  return fields.map((field, index) => (
    <One
      key={field.key}
      field={field}
      first={index === 0}
      value={values[field.key]}
      onChange={(value) => onChange({ ...values, [field.key]: value })}
      error={problem(field.pointer ?? `/${field.key}`)}
    />
  ))
}

interface OneProps {
  readonly field: FieldSpec
  readonly first: boolean
  readonly value: string | boolean | undefined
  readonly onChange: (value: string | boolean) => void
  readonly error: string | undefined
}

function One({ field, first, value, onChange, error }: OneProps) {
  const t = useTexts(signInTexts)
  const { label, hint, kind = 'text', options = [], required = false } = field
  const common = { label, description: hint, error, required, 'data-autofocus': first || undefined }
  const text = typeof value === 'string' ? value : ''
  switch (kind) {
    case 'flag':
      return (
        <Checkbox
          label={label}
          description={hint}
          error={error}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          data={[...options]}
          value={text === '' ? null : text}
          clearable={!required}
          clearButtonProps={{ 'aria-label': `× ${label}` }}
          onChange={(next) => onChange(next ?? '')}
        />
      )
    case 'long':
    case 'lines':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'password':
      return (
        <PasswordInput
          {...common}
          autoComplete="new-password"
          value={text}
          visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'text':
    case 'number':
    case 'moment':
      return (
        <TextInput
          {...common}
          type={kind === 'moment' ? 'datetime-local' : 'text'}
          inputMode={kind === 'number' ? 'decimal' : 'text'}
          value={text}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
  }
}

/** The items of a `lines` field. */
export function linesOf(text: string | boolean | undefined): string[] {
  return String(text ?? '')
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The instant of a `moment` field, in the browser's own zone. */
export function momentOf(text: string | boolean | undefined): number | undefined {
  const at = new Date(String(text ?? '')).getTime()
  return Number.isNaN(at) ? undefined : at
}
