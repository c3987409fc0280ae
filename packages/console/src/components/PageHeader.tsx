import { Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { usePageTitle } from '../app/page-title.ts'

interface PageHeaderProps {
  readonly title: string
  /** Beside the title: a state, a badge. */
  readonly beside?: ReactNode
  readonly hint?: string
  /** Buttons of the page. */
  readonly children?: ReactNode
}

/** The one heading of a page, and what can be done there. It names the tab as well. */
export function PageHeader({ title, beside, hint, children }: PageHeaderProps) {
  usePageTitle(title)
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <div style={{ minWidth: 0 }}>
        <Group gap="sm">
          <Title order={1} className="foreign">
            {title}
          </Title>
          {beside}
        </Group>
        {hint !== undefined && (
          <Text c="dimmed" size="sm">
            {hint}
          </Text>
        )}
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  )
}
