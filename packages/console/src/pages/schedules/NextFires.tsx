import type { Client } from '@carillon/contract'
import { Table, Text } from '@mantine/core'
import { Time } from '../../components/Time.tsx'
import { useSaid } from '../../i18n/said.ts'
import { useLanguage, useTexts } from '../../i18n/texts.ts'
import { dayWords } from './month.ts'
import { schedulesTexts } from './text.ts'

export type Preview = Awaited<ReturnType<Client['schedules']['previewDraft']>>

interface NextFiresProps {
  readonly preview: Preview
  readonly label: string
  /** In pixels: what is longer scrolls in a box of its own. */
  readonly atMost?: number
}

/** Fires as the server works them out: in the schedule's zone and in the reader's, with what leaves one out and what the clocks do to it. */
export function NextFires({ preview, label, atMost }: NextFiresProps) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  const say = useSaid()
  if (preview.fires.length === 0) return <Text c="dimmed">{preview.whyNone === null ? t('noFires') : say(preview.whyNone)}</Text>
  return (
    <Table.ScrollContainer
      minWidth={480}
      maw={900}
      {...(atMost === undefined ? {} : { maxHeight: atMost })}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <Table borderColor="var(--hairline)" stickyHeader={atMost !== undefined} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('local')}</Table.Th>
            <Table.Th>{t('inMyZone')}</Table.Th>
            <Table.Th>{t('note')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.fires.map((fire, index) => (
            <Table.Tr key={`${fire.fireAt} ${index}`} style={fire.excluded ? { textDecoration: 'line-through' } : undefined}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                {fire.local.replace('T', ' ')} {dayWords(fire.local.slice(0, 10), language, { weekday: 'short' })}
              </Table.Td>
              <Table.Td>
                <Time at={fire.fireAt} />
              </Table.Td>
              <Table.Td style={{ textDecoration: 'none' }}>
                {fire.excluded && (
                  <Text size="sm" c="var(--state-skipped)" className="foreign">
                    {t(fire.excluded.mode === 'EXCLUDE' ? 'excludedBy' : 'notIncluded', { calendar: fire.excluded.calendar })}
                  </Text>
                )}
                {fire.dst && (
                  <Text size="sm" c="var(--state-timeout)">
                    ⚠ {t(fire.dst)}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
