import type { Overview } from '@carillon/contract'
import { Table, Text } from '@mantine/core'
import { usePreferences } from '../../app/preferences.ts'
import { momentText, zoneName } from '../../components/moments.ts'
import { useTexts } from '../../i18n/texts.ts'
import { overviewTexts } from './text.ts'

const WIDTH = 600
const HEIGHT = 120

/** Fifteen bars: what ended in each minute, and on top, hatched, what did not end well. */
export function Throughput({ throughput: { minutes, more } }: { throughput: Overview['throughput'] }) {
  const t = useTexts(overviewTexts)
  const { zone } = usePreferences()
  const most = Math.max(1, ...minutes.map(({ ended }) => ended))
  const ended = sum(minutes.map((minute) => minute.ended))
  const failed = sum(minutes.map((minute) => minute.failed))
  const step = WIDTH / Math.max(1, minutes.length)
  const tall = (count: number) => (count / most) * (HEIGHT - 8)
  return (
    <div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width="100%"
        role="img"
        aria-label={t('throughputLabel', { ended, failed })}
        preserveAspectRatio="none"
        style={{ display: 'block', height: HEIGHT, borderBottom: '1px solid var(--hairline)' }}
      >
        <defs>
          <pattern id="not-well" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" fill="var(--state-failed-tint)" />
            <rect width="3" height="6" fill="var(--state-failed)" />
          </pattern>
        </defs>
        {minutes.map((minute, index) => (
          <g key={minute.at} transform={`translate(${index * step + 2} 0)`}>
            <rect
              y={HEIGHT - tall(minute.ended)}
              width={step - 4}
              height={tall(minute.ended - minute.failed)}
              transform={`translate(0 ${tall(minute.failed)})`}
              fill="var(--state-success)"
            />
            <rect y={HEIGHT - tall(minute.ended)} width={step - 4} height={tall(minute.failed)} fill="url(#not-well)" />
          </g>
        ))}
      </svg>
      <Text size="sm" c="dimmed" mt={4}>
        {t('throughputLabel', { ended, failed })}
        {more ? ` ${t('capped')}` : ''}
      </Text>
      <details>
        <summary>
          <Text size="xs" component="span" c="dimmed">
            {t('asTable')}
          </Text>
        </summary>
        <Table aria-label={t('throughput')}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('minute')}</Table.Th>
              <Table.Th>{t('ended')}</Table.Th>
              <Table.Th>{t('failed')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {minutes.map((minute) => (
              <Table.Tr key={minute.at}>
                <Table.Td>{momentText(minute.at, zoneName(zone))}</Table.Td>
                <Table.Td>{minute.ended}</Table.Td>
                <Table.Td>{minute.failed}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </div>
  )
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
