import { Group, Text } from '@mantine/core'
import { useTexts } from '../../i18n/texts.ts'
import { executorsTexts } from './text.ts'

/** How many of its places are taken, as numbers and as a bar. */
export function Load({ running, capacity }: { running: number; capacity: number }) {
  const t = useTexts(executorsTexts)
  const share = capacity === 0 ? 0 : Math.min(1, running / capacity)
  return (
    <Group gap={6} wrap="nowrap" title={t('loadOf', { running, capacity })}>
      <svg width="48" height="8" aria-hidden style={{ flex: 'none' }}>
        <rect width="48" height="8" rx="2" fill="var(--hairline)" />
        <rect width={48 * share} height="8" rx="2" fill={share >= 1 ? 'var(--state-timeout)' : 'var(--state-running)'} />
      </svg>
      <Text size="sm" component="span" style={{ whiteSpace: 'nowrap' }}>
        {running} / {capacity}
      </Text>
    </Group>
  )
}
