import { Button, Group } from '@mantine/core'

export interface RowAction {
  readonly word: string
  /** For those who hear it without its row: "Edit holidays". */
  readonly label: string
  readonly act: () => void
}

/** What can be done with one row of a table. */
export function RowActions({ actions }: { actions: readonly (RowAction | false)[] }) {
  return (
    <Group gap={4}>
      {actions.map(
        (action) =>
          action !== false && (
            <Button key={action.word} size="compact-sm" variant="default" aria-label={action.label} onClick={action.act}>
              {action.word}
            </Button>
          ),
      )}
    </Group>
  )
}
