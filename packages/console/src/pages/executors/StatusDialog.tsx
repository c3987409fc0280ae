import type { ExecutorDetail } from '@carillon/contract'
import { Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { executorsTexts } from './text.ts'

const STATUS_OF = { maintenance: 'MAINTENANCE', drain: 'DRAINING', offline: 'OFFLINE', online: 'ONLINE' } as const

export type StatusChange = keyof typeof STATUS_OF

/** Takes an executor out of work, lets it drain, or brings it back, with the reason. */
export function StatusDialog(props: { executor: ExecutorDetail; change: StatusChange; onClose: () => void }) {
  const { executor, change, onClose } = props
  const t = useTexts(executorsTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  return (
    <FormDialog
      title={t(`${change}Title`, { name: executor.instance })}
      submit={t(change)}
      onClose={onClose}
      onSubmit={() =>
        api.executors.setStatus({
          params: { executor: String(executor.id) },
          body: { status: STATUS_OF[change], ...(reason === '' ? {} : { reason }) },
        })
      }
      onDone={() => {
        void client.invalidateQueries({ queryKey: ['executors', code] })
        onClose()
      }}
    >
      {(problem) => (
        <>
          <Text>{t(`${change}Hint`, { count: executor.running })}</Text>
          <TextInput
            label={t('reason')}
            description={t('reasonHint')}
            data-autofocus
            value={reason}
            error={problem('/reason')}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </>
      )}
    </FormDialog>
  )
}
