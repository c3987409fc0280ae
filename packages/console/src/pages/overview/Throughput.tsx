import type { Overview } from '@carillon/contract'
import { Table, Text } from '@mantine/core'
import { usePreferences } from '../../app/preferences.ts'
import { momentText, zoneName } from '../../components/moments.ts'
import { useTexts } from '../../i18n/texts.ts'
import { overviewTexts } from './text.ts'

const WIDTH = 600
const HEIGHT = 120

/** What ended in each minute of the last fifteen. */
export function Throughput({ throughput: { minutes, more } }: { throughput: Overview['throughput'] }) {
  const t = useTexts(overviewTexts)
  const inAll = { ended: sum(minutes.map((minute) => minute.ended)), failed: sum(minutes.map((minute) => minute.failed)) }
  return (
    <Bars
      bars={minutes}
      name={t('throughput')}
      each={t('minute')}
      label={`${t('throughputLabel', inAll)}${more ? ` ${t('capped')}` : ''}`}
    />
  )
}

interface BarsProps {
  readonly bars: readonly { readonly at: number; readonly ended: number; readonly failed: number }[]
  readonly name: string
  /** What each stands for: a minute. */
  readonly each: string
  /** All of them in words. */
  readonly label: string
}

/** What ended in stretches of time, and on top, hatched, what did not end well. */
export function Bars({ bars, name, each, label }: BarsProps) {
  const t = useTexts(overviewTexts)
  const { zone } = usePreferences()
  const most = Math.max(1, ...bars.map(({ ended }) => ended))
  const step = WIDTH / Math.max(1, bars.length)
  const tall = (count: number) => (count / most) * (HEIGHT - 8)
  return (
    <div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width="100%"
        role="img"
        aria-label={label}
        preserveAspectRatio="none"
        style={{ display: 'block', height: HEIGHT, borderBottom: '1px solid var(--hairline)' }}
      >
        <defs>
          <pattern id="not-well" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" fill="var(--state-failed-tint)" />
            <rect width="3" height="6" fill="var(--state-failed)" />
          </pattern>
        </defs>
        {bars.map((bar, index) => (
          <g key={bar.at} transform={`translate(${index * step + 2} 0)`}>
            <rect
              y={HEIGHT - tall(bar.ended)}
              width={step - 4}
              height={tall(bar.ended - bar.failed)}
              transform={`translate(0 ${tall(bar.failed)})`}
              fill="var(--state-success)"
            />
            <rect y={HEIGHT - tall(bar.ended)} width={step - 4} height={tall(bar.failed)} fill="url(#not-well)" />
          </g>
        ))}
      </svg>
      <Text size="sm" c="dimmed" mt={4}>
        {label}
      </Text>
      <details>
        <summary>
          <Text size="xs" component="span" c="dimmed">
            {t('asTable')}
          </Text>
        </summary>
        <Table aria-label={name}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{each}</Table.Th>
              <Table.Th>{t('ended')}</Table.Th>
              <Table.Th>{t('failed')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {bars.map((bar) => (
              <Table.Tr key={bar.at}>
                <Table.Td>{momentText(bar.at, zoneName(zone))}</Table.Td>
                <Table.Td>{bar.ended}</Table.Td>
                <Table.Td>{bar.failed}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </div>
  )
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
