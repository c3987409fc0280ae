import { Code, Group, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { CopyButton } from './CopyButton.tsx'

interface EmptyStateProps {
  readonly title: string
  /** Why it is empty, and what to do. */
  readonly children?: ReactNode
  readonly command?: string
  readonly action?: ReactNode
  /** 1 where it is the whole page. */
  readonly level?: 1 | 2
}

/** What a page or panel shows while there is nothing: what belongs here, why there is none, and the next step. */
export function EmptyState({ title, children, command, action, level = 2 }: EmptyStateProps) {
  return (
    <Stack align="center" gap="xs" py={48} px="md">
      <Title order={level} ta="center">
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" ta="center" maw={560}>
          {children}
        </Text>
      )}
      {command !== undefined && (
        <Group gap={4} wrap="nowrap">
          <Code>{command}</Code>
          <CopyButton text={command} />
        </Group>
      )}
      {action}
    </Stack>
  )
}
