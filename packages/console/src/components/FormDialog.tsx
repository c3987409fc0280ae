import { Button, Group, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { useTexts } from '../i18n/texts.ts'
import { ProblemAlert } from './ErrorPanel.tsx'
import { useFocusBack } from './focus-back.ts'
import { componentTexts } from './text.ts'

interface FormDialogProps<T> {
  readonly title: string
  readonly submit: string
  readonly onClose: () => void
  /** Sends it; what it throws is shown, and everything typed stays. */
  readonly onSubmit: () => Promise<T>
  readonly onDone: (result: T) => void
  readonly size?: string
  readonly danger?: boolean
  /** `problem('/name')` is what the server says of that field of the body. */
  readonly children: (problem: (pointer: string) => string | undefined, refused: ApiProblem | null) => ReactNode
}

/** A form in a dialog. It is mounted when it opens, so it always begins from what it is given. */
export function FormDialog<T>({ title, submit, onClose, onSubmit, onDone, size = 'md', danger, children }: FormDialogProps<T>) {
  const t = useTexts(componentTexts)
  useFocusBack()
  const sending = useMutation({ mutationFn: onSubmit, onSuccess: onDone })
  const refused = sending.error instanceof ApiProblem ? sending.error : null
  return (
    // A click beside it or Escape would throw away what was typed: it is closed by its buttons.
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeOnClickOutside={false}
      closeOnEscape={!sending.isPending}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          // Forms in a portal still bubble through their parents in React.
          event.stopPropagation()
          sending.mutate()
        }}
      >
        <Stack>
          {children((pointer) => refused?.of(pointer), refused)}
          <ProblemAlert error={sending.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button type="submit" loading={sending.isPending} color={danger ? 'red.9' : 'accent'}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
