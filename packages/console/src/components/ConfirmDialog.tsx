import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTexts } from '../i18n/texts.ts'
import { ProblemAlert } from './ErrorPanel.tsx'
import { componentTexts } from './text.ts'

interface ConfirmDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  /** Names the object: "Delete the calendar holidays?" */
  readonly title: string
  /** What it will do. */
  readonly children: ReactNode
  readonly confirm: string
  readonly danger?: boolean
  /** Has to be typed first: for what cannot be undone and reaches far. */
  readonly word?: string
  readonly onConfirm: () => Promise<unknown>
}

/** Asks before something happens, does it, and stays open with the server's words if it is refused. */
export function ConfirmDialog({ opened, onClose, title, children, confirm, danger, word, onConfirm }: ConfirmDialogProps) {
  const t = useTexts(componentTexts)
  const [typed, setTyped] = useState('')
  const doing = useMutation({ mutationFn: onConfirm, onSuccess: () => close() })
  const close = () => {
    setTyped('')
    doing.reset()
    onClose()
  }
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <Stack>
        <div>{children}</div>
        {word !== undefined && (
          <TextInput
            label={t('typeToConfirm', { word })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        <ProblemAlert error={doing.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel')}
          </Button>
          <Button
            color={danger ? 'red.9' : 'accent'}
            loading={doing.isPending}
            disabled={word !== undefined && typed !== word}
            onClick={() => doing.mutate()}
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
