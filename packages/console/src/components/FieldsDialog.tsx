import { Text } from '@mantine/core'
import { useState } from 'react'
import { FormDialog } from './FormDialog.tsx'
import { FormFields, type FieldSpec, type FormValues } from './FormFields.tsx'

interface FieldsDialogProps<T> {
  readonly title: string
  readonly submit: string
  /** What it is for, where the title does not say it. */
  readonly hint?: string
  readonly fields: readonly FieldSpec[]
  /** What the fields begin with. */
  readonly initial: FormValues
  readonly onClose: () => void
  readonly onSubmit: (values: FormValues) => Promise<T>
  readonly onDone: (result: T) => void
}

/** A form of plain fields in a dialog. */
export function FieldsDialog<T>({ hint, fields, initial, onSubmit, ...rest }: FieldsDialogProps<T>) {
  const [values, setValues] = useState(initial)
  return (
    <FormDialog {...rest} onSubmit={() => onSubmit(values)}>
      {(problem) => (
        <>
          {hint !== undefined && <Text>{hint}</Text>}
          <FormFields fields={fields} values={values} onChange={setValues} problem={problem} />
        </>
      )}
    </FormDialog>
  )
}
