import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTexts } from '../i18n/texts.ts'
import { CopyButton } from './CopyButton.tsx'
import { componentTexts } from './text.ts'

interface ShownOnceProps {
  readonly title: string
  /** That it is shown this once, and what to do with it. */
  readonly hint: string
  readonly secret: string
  readonly done: string
  readonly onClose: () => void
  readonly size?: string
  readonly children?: ReactNode
}

/** A password or token that the server has just made, and keeps nowhere in clear. */
export function ShownOnce({ title, hint, secret, done, onClose, size = 'md', children }: ShownOnceProps) {
  const t = useTexts(componentTexts)
  return (
    // A click beside it would lose it for good.
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Stack>
        <Text>{hint}</Text>
        <Group gap={4} wrap="nowrap">
          <Code style={{ overflowWrap: 'anywhere' }}>{secret}</Code>
          <CopyButton text={secret} />
        </Group>
        {children}
        <Group justify="flex-end">
          <Button onClick={onClose}>{done}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
