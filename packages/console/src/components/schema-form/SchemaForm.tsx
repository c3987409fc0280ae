import { ActionIcon, Box, Button, Fieldset, Group, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { Plus, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTexts } from '../../i18n/texts.ts'
import { JsonField } from './JsonField.tsx'
import { fieldOf, folded, numberOf, recordOf, unfolded, withKey, type FieldKind, type Schema } from './schema.ts'
import { schemaFormTexts } from './text.ts'

export interface SchemaFormProps {
  readonly schema: Schema
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  /** What is wrong with the value at a JSON pointer. */
  readonly problemOf?: (pointer: string) => string | undefined
  /** Another name than the property's own, by pointer. */
  readonly labelOf?: (pointer: string) => string | undefined
  /** What is said below the label instead of the schema's own description, by pointer. */
  readonly hintOf?: (pointer: string) => string | undefined
  /** What people call one of the words that a field offers. */
  readonly wordOf?: (word: string) => string | undefined
}

/** A form made from a JSON Schema: a field for each property, as JSON where a schema says more than fields can. */
export function SchemaForm(props: SchemaFormProps) {
  const field = fieldOf(props.schema)
  if (field.kind !== 'object') return <Field {...props} pointer="" name="" required={false} />
  return <Properties {...props} pointer="" properties={field.properties} />
}

interface FieldProps extends SchemaFormProps {
  readonly pointer: string
  readonly name: string
  readonly required: boolean
}

type PropertiesProps = SchemaFormProps & {
  readonly pointer: string
  readonly properties: Extract<FieldKind, { kind: 'object' }>['properties']
}

function Properties({ properties, value, onChange, pointer, ...rest }: PropertiesProps) {
  return (
    <Stack gap="sm">
      {properties.map(({ name, schema, required }) => (
        <Field
          {...rest}
          key={name}
          name={name}
          pointer={`${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`}
          schema={schema}
          required={required}
          value={recordOf(value)[name]}
          onChange={(next) => onChange(withKey(value, name, next))}
        />
      ))}
    </Stack>
  )
}

function Field(props: FieldProps) {
  const t = useTexts(schemaFormTexts)
  const { schema, value, onChange, pointer, required, problemOf, labelOf, hintOf } = props
  const label = labelOf?.(pointer) ?? (typeof schema['title'] === 'string' ? schema['title'] : props.name)
  const common = { label, description: useHint(schema, hintOf?.(pointer)), error: problemOf?.(pointer), withAsterisk: required }
  const field = fieldOf(schema)
  switch (field.kind) {
    case 'object':
      return (
        <Named label={label}>
          <Properties {...props} properties={field.properties} />
        </Named>
      )
    case 'worded':
      return <WordedField {...props} field={field} label={label} common={common} />
    case 'variant':
      return <VariantField {...props} field={field} label={label} common={common} />
    case 'list':
      return <ListField {...props} items={field.items} label={label} error={common.error} />
    case 'choice':
      return (
        <Select
          {...common}
          data={field.options.map(String)}
          value={value === undefined ? null : String(value)}
          placeholder={t('unset')}
          clearable={!required}
          clearButtonProps={{ 'aria-label': `${t('unset')}: ${label}` }}
          onChange={(word) => onChange(field.options.find((option) => String(option) === word))}
        />
      )
    case 'boolean':
      return (
        <Select
          {...common}
          data={[
            { value: 'true', label: t('yes') },
            { value: 'false', label: t('no') },
          ]}
          value={typeof value === 'boolean' ? String(value) : null}
          placeholder={t('unset')}
          clearable={!required}
          clearButtonProps={{ 'aria-label': `${t('unset')}: ${label}` }}
          onChange={(word) => onChange(word === null ? undefined : word === 'true')}
        />
      )
    case 'number':
      return (
        <TextInput
          {...common}
          inputMode="decimal"
          value={value === undefined || value === null ? '' : String(value)}
          onChange={({ currentTarget }) => onChange(numberOf(currentTarget.value))}
        />
      )
    case 'text':
    case 'longText':
      return <TextField {...props} common={common} long={field.kind === 'longText'} />
    case 'json':
      return <JsonField {...common} value={value} onChange={onChange} />
  }
}

interface Common {
  readonly label: string
  readonly description: string | undefined
  readonly error: string | undefined
  readonly withAsterisk: boolean
}

function useHint(schema: Schema, own: string | undefined): string | undefined {
  const t = useTexts(schemaFormTexts)
  const hints = [
    own ?? (typeof schema['description'] === 'string' ? schema['description'] : undefined),
    schema['x-secret'] === true ? t('secretHint') : undefined,
    schema['default'] === undefined ? undefined : t('default', { value: JSON.stringify(schema['default']) }),
  ]
  return hints.filter((hint) => hint !== undefined).join('. ') || undefined
}

function Named({ label, children }: { label: string; children: ReactNode }) {
  return label === '' ? (
    children
  ) : (
    <Fieldset legend={label} style={{ borderColor: 'var(--hairline)' }}>
      {children}
    </Fieldset>
  )
}

function TextField({ value, onChange, required, common, long }: FieldProps & { common: Common; long: boolean }) {
  // What is not a text (a number from the JSON view) is shown as it is and becomes one when it is edited.
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const change = (next: string) => onChange(next === '' && !required ? undefined : next)
  return long ? (
    <Textarea
      {...common}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      onChange={({ currentTarget }) => change(currentTarget.value)}
    />
  ) : (
    <TextInput {...common} value={text} onChange={({ currentTarget }) => change(currentTarget.value)} />
  )
}

interface WordedFieldProps extends FieldProps {
  readonly field: Extract<FieldKind, { kind: 'worded' }>
  readonly label: string
  readonly common: Common
}

function WordedField({ field: { tag, words, rest }, label, common, ...props }: WordedFieldProps) {
  const t = useTexts(schemaFormTexts)
  const { value, onChange, required, pointer, problemOf, wordOf } = props
  const object = unfolded(value, tag)
  const word = object[tag]
  return (
    <Box>
      <Select
        {...common}
        error={common.error ?? problemOf?.(`${pointer}/${tag}`)}
        data={words.map((each) => ({ value: each, label: wordOf?.(each) ?? each }))}
        value={typeof word === 'string' ? word : null}
        placeholder={t('unset')}
        clearable={!required}
        clearButtonProps={{ 'aria-label': `${t('unset')}: ${label}` }}
        onChange={(next) => onChange(next === null ? undefined : folded({ ...object, [tag]: next }, tag))}
      />
      {word !== undefined && (
        <Box pl="md" mt="xs" style={{ borderLeft: '2px solid var(--hairline)' }}>
          <Properties {...props} properties={rest} value={object} onChange={(next) => onChange(folded(recordOf(next), tag))} />
        </Box>
      )}
    </Box>
  )
}

interface VariantFieldProps extends FieldProps {
  readonly field: Extract<FieldKind, { kind: 'variant' }>
  readonly label: string
  readonly common: Common
}

function VariantField({ field, label, common, ...props }: VariantFieldProps) {
  const t = useTexts(schemaFormTexts)
  const { value, onChange, required } = props
  const word = recordOf(value)[field.tag] as string | undefined
  const variant = field.variants.find((each) => each.word === word)
  const inner = variant && fieldOf(variant.schema)
  return (
    <Box>
      <Select
        {...common}
        data={field.variants.map((each) => each.word)}
        value={word ?? null}
        placeholder={t('unset')}
        clearable={!required}
        clearButtonProps={{ 'aria-label': `${t('unset')}: ${label}` }}
        onChange={(next) => onChange(next === null ? undefined : { [field.tag]: next })}
      />
      {inner?.kind === 'object' && (
        <Box pl="md" mt="xs" style={{ borderLeft: '2px solid var(--hairline)' }}>
          <Properties {...props} properties={inner.properties} />
        </Box>
      )}
    </Box>
  )
}

interface ListFieldProps extends FieldProps {
  readonly items: Schema
  readonly label: string
  readonly error: string | undefined
}

function ListField({ items, label, error, ...props }: ListFieldProps) {
  const t = useTexts(schemaFormTexts)
  const { value, onChange, pointer } = props
  const list = Array.isArray(value) ? (value as readonly unknown[]) : []
  const set = (next: readonly unknown[]) => onChange(next.length === 0 && !props.required ? undefined : next)
  return (
    <Fieldset legend={label} style={{ borderColor: 'var(--hairline)' }}>
      <Stack gap="xs">
        {error !== undefined && (
          <Box role="alert" c="var(--state-failed)" fz="xs">
            {error}
          </Box>
        )}
        {list.map((item, index) => (
          // By position: the items have no other identity.
          // oxlint-disable-next-line react/no-array-index-key
          <Group key={index} align="flex-end" wrap="nowrap" gap="xs">
            <Box style={{ flex: 1 }}>
              <Field
                {...props}
                name={`${label} ${index + 1}`}
                pointer={`${pointer}/${index}`}
                schema={items}
                required
                value={item}
                onChange={(next) => set(list.map((each, place) => (place === index ? (next ?? '') : each)))}
              />
            </Box>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={32}
              aria-label={t('remove', { name: `${label} ${index + 1}` })}
              onClick={() => set(list.filter((_, place) => place !== index))}
            >
              <Trash2 size={14} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Plus size={14} aria-hidden />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => set([...list, fieldOf(items).kind === 'object' ? {} : ''])}
        >
          {t('add', { name: label })}
        </Button>
      </Stack>
    </Fieldset>
  )
}
