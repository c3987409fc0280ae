import type { ExecutorView } from '@carillon/contract'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiProblem } from '../../api/problem.ts'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { FormFields, type FieldSpec, type FormValues } from '../../components/FormFields.tsx'
import { labelsOf } from '../../components/labels.ts'
import { useTexts } from '../../i18n/texts.ts'
import { createOf, createXxlJobOf, draftOf, speaksXxlJob, updateOf } from './executor-draft.ts'
import { executorsTexts } from './text.ts'

interface ExecutorFormProps {
  /** null: a new one. Only one that was registered by hand is changed here; the others say themselves what they are. */
  readonly executor: ExecutorView | null
  readonly onClose: () => void
  readonly onDone: (executor: ExecutorView) => void
}

/** A push executor that does not register itself: where it is called, and what it can do. */
export function ExecutorForm({ executor, onClose, onDone }: ExecutorFormProps) {
  const t = useTexts(executorsTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const [opened] = useState<FormValues>(() => draftOf(executor))
  const [values, setValues] = useState(opened)
  const fields = useFields(executor, speaksXxlJob(values))
  const pairs = (pointer: string) =>
    PAIRS.has(pointer) && labelsOf(String(values[pointer.slice(1)])) === null ? t('pairsProblem') : undefined
  const send = (): Promise<ExecutorView> => {
    if (executor === null && speaksXxlJob(values)) {
      const body = createXxlJobOf(values)
      return body === null ? Promise.reject(new Error(t('pairsProblem'))) : api.executors.createXxlJob({ body })
    }
    if (executor === null) {
      const body = createOf(values)
      return body === null ? Promise.reject(new Error(t('pairsProblem'))) : api.executors.create({ body })
    }
    const body = updateOf(values, opened)
    return body === null
      ? Promise.reject(new Error(t('pairsProblem')))
      : api.executors.update({ params: { executor: executor.id }, body })
  }
  return (
    <FormDialog
      title={executor === null ? t('register') : t('editTitle', { name: executor.instance })}
      submit={t(executor === null ? 'registerDo' : 'save')}
      size="lg"
      onClose={onClose}
      onSubmit={send}
      onDone={(saved) => {
        void client.invalidateQueries({ queryKey: ['executors', code] })
        onDone(saved)
      }}
    >
      {(problem, refused) => (
        <FormFields
          fields={fields}
          values={values}
          onChange={setValues}
          problem={(pointer) => pairs(pointer) ?? problem(pointer) ?? problemWithin(refused, pointer)}
        />
      )}
    </FormDialog>
  )
}

/** Fields of `key=value` lines, which only the form can find fault with. */
const PAIRS = new Set(['/labels', '/metadata'])

function useFields(executor: ExecutorView | null, isXxlJob: boolean): readonly FieldSpec[] {
  const t = useTexts(executorsTexts)
  const isNew = executor === null
  const named: readonly FieldSpec[] = [
    { key: 'app', label: t('app'), hint: t('appHint'), required: true },
    {
      ...{ key: 'protocol', label: t('protocol'), kind: 'choice', required: true },
      options: [
        { value: 'CARILLON', label: t('CARILLON') },
        { value: 'XXL_JOB', label: t('XXL_JOB') },
      ],
    },
    { key: 'instance', label: t('instance'), hint: t(isXxlJob ? 'instanceXxlHint' : 'instanceHint'), required: !isXxlJob },
  ]
  const every: FieldSpec = {
    ...{ key: 'healthSeconds', label: t('healthSeconds'), hint: t('healthSecondsHint'), kind: 'number' },
    pointer: '/healthEveryMs',
  }
  const described: readonly FieldSpec[] = [
    { key: 'labels', label: t('labels'), hint: t('pairsHint'), kind: 'lines' },
    { key: 'metadata', label: t('metadata'), hint: t('pairsHint'), kind: 'lines' },
  ]
  const token: FieldSpec = { key: 'callToken', label: t('callToken'), hint: t('callTokenHint'), kind: 'password' }
  const address: FieldSpec = { key: 'address', label: t('address'), hint: t('addressHint'), required: true }
  if (isXxlJob)
    return [
      ...(isNew ? named : []),
      address,
      { ...token, hint: t(isNew ? 'tokenXxlHint' : 'tokenXxlStays'), required: isNew },
      { key: 'capacity', label: t('capacity'), hint: t(isNew ? 'capacityXxlHint' : 'capacityHint'), kind: 'number' },
      every,
      ...described,
    ]
  return [
    ...(isNew ? named : []),
    address,
    { key: 'healthUrl', label: t('healthUrl'), hint: t('healthUrlHint'), required: true },
    { key: 'handlers', label: t('handlers'), hint: t('handlersHint'), kind: 'lines', required: true },
    { key: 'capacity', label: t('capacity'), hint: t('capacityHint'), kind: 'number', required: true },
    every,
    { key: 'perCall', label: t('perCall'), hint: t('perCallHint'), kind: 'number' },
    isNew ? token : { ...token, hint: t('callTokenStays') },
    ...(isNew ? [] : [{ key: 'noToken', label: t('noToken'), kind: 'flag', pointer: '/noToken' } as const]),
    ...described,
  ]
}

/** What is said of one line of a field that is a list. */
function problemWithin(refused: ApiProblem | null, pointer: string): string | undefined {
  return refused?.problems.find(({ path }) => path.startsWith(`/body${pointer}/`))?.message
}
