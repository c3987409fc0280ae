import type { AppView } from '@carillon/contract'
import { Alert } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiProblem } from '../../api/problem.ts'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { FormFields, type FormValues } from '../../components/FormFields.tsx'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { useAsOpened } from '../../components/use-as-opened.ts'
import { useNewest } from '../../components/use-newest.ts'
import { useTexts } from '../../i18n/texts.ts'
import { appsTexts } from './text.ts'

interface AppFormProps {
  /** null: a new one. */
  readonly app: AppView | null
  readonly onClose: () => void
  readonly onDone: (app: AppView) => void
}

export function AppForm({ app: current, onClose, onDone }: AppFormProps) {
  const app = useAsOpened(current)
  const t = useTexts(appsTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const [values, setValues] = useState<FormValues>({
    code: app?.code ?? '',
    name: app?.name ?? '',
    description: app?.description ?? '',
    ratePerSecond: String(app?.ratePerSecond ?? ''),
    paused: app?.paused ?? false,
  })
  const [capacity, setCapacity] = useState<unknown>(app?.capacity ?? [])
  const { newest, sending } = useNewest(() => api.apps.get({ params: { app: app!.id } }))
  const send = async () => {
    const rate = String(values['ratePerSecond']).trim()
    const body = {
      code: String(values['code']),
      ...(values['name'] === '' ? {} : { name: String(values['name']) }),
      description: String(values['description']),
      // NaN becomes null in JSON, which would be "no limit": what is no number goes as it was typed, and is refused.
      ratePerSecond: rate === '' ? null : Number.isNaN(Number(rate)) ? (rate as unknown as number) : Number(rate),
      paused: values['paused'] === true,
      capacity: capacity as AppView['capacity'],
    }
    if (app === null) return api.apps.create({ body })
    const { version } = newest ?? app
    return sending(() => api.apps.update({ params: { app: app.id }, body: { ...body, version } }))
  }
  return (
    <FormDialog
      title={app === null ? t('create') : t('editTitle', { code: app.code })}
      submit={t(app === null ? 'createDo' : 'save')}
      size="lg"
      onClose={onClose}
      onSubmit={send}
      onDone={(saved) => {
        void client.invalidateQueries({ queryKey: ['apps', tenant] })
        onDone(saved)
      }}
    >
      {(problem, refused) => (
        <>
          {newest !== null && (
            <Alert role="alert" title={t('conflict')}>
              {t('conflictHint', { version: newest.version })}
            </Alert>
          )}
          <FormFields
            fields={[
              { key: 'code', label: t('code'), hint: t('codeHint'), required: true },
              { key: 'name', label: t('name') },
              { key: 'description', label: t('description'), kind: 'long' },
              { key: 'ratePerSecond', label: t('rate'), hint: t('rateHint'), kind: 'number' },
              { key: 'paused', label: t('paused'), hint: t('pausedHint'), kind: 'flag' },
            ]}
            values={values}
            onChange={setValues}
            problem={problem}
          />
          <JsonField
            label={t('capacity')}
            description={t('capacityHint')}
            minRows={6}
            value={capacity}
            onChange={(next) => setCapacity(next ?? [])}
            error={capacityProblem(refused)}
          />
        </>
      )}
    </FormDialog>
  )
}

/** What is said of the list or of anything in it: the field is one text. */
function capacityProblem(refused: ApiProblem | null): string | undefined {
  const found = refused?.problems.filter(({ path }) => path.startsWith('/body/capacity') || path.startsWith('/capacity')) ?? []
  return found.map(({ path, message }) => `${path.replace(/^\/body/, '')}: ${message}`).join('\n') || undefined
}
