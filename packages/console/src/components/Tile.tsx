import { Anchor, Paper, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useLanguage } from '../i18n/texts.ts'

/** `10,000+` where the look ended before what there is did. */
export function useEstimate(): (estimate: { count: number; more: boolean }) => string {
  const language = useLanguage()
  const format = new Intl.NumberFormat(language)
  return ({ count, more }) => `${format.format(count)}${more ? '+' : ''}`
}

interface TileProps {
  readonly label: string
  readonly value: string
  readonly note?: string
  readonly alarming?: boolean
  readonly to?: string
}

/** A number that is looked at first, with what it means. */
export function Tile({ label, value, note, alarming = false, to }: TileProps) {
  return (
    <Paper
      withBorder
      p="sm"
      style={{ borderColor: alarming ? 'var(--state-failed)' : 'var(--hairline)', borderLeftWidth: alarming ? 4 : 1 }}
    >
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={24} fw={600} lh={1.3}>
        {to === undefined ? (
          value
        ) : (
          <Anchor component={Link} to={to} inherit c="inherit" aria-label={`${label}: ${value}`}>
            {value}
          </Anchor>
        )}
      </Text>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </Paper>
  )
}
