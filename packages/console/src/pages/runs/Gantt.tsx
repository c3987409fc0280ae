import type { RunDetail } from '@carillon/contract'
import { Group, SegmentedControl, Text, VisuallyHidden } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTexts } from '../../i18n/texts.ts'
import { durationText } from '../../components/moments.ts'
import { useNow } from '../../components/Time.tsx'
import { STATE_LOOKS, stateTexts } from '../../components/states.ts'
import { criticalPath } from './critical-path.ts'
import type { Choosing } from './NodeList.tsx'
import classes from './run.module.css'
import type { RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { SpanLength } from './SpanLength.tsx'
import { axisOf, placeOf, ticksOf, type Axis } from './time-axis.ts'
import { isOver } from './use-run.ts'

interface GanttProps extends Choosing {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

type Order = 'start' | 'duration' | 'code'

/** When each node ran. What the run's length came from is outlined. */
export function Gantt({ run, nodes, edges, selected, onChoose }: GanttProps) {
  const t = useTexts(runTexts)
  const now = useNow(!isOver(run))
  const [order, setOrder] = useState<Order>('start')
  const end = run.endedAt ?? now
  const axis = axisOf(nodes, run.startedAt ?? run.createdAt, end)
  const critical = useMemo(() => new Set(criticalPath(nodes, edges, end)), [nodes, edges, end])
  const sorted = useMemo(() => [...nodes].sort(ORDERS[order]), [nodes, order])
  return (
    <>
      <Group gap="xs" mb="xs" justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label={t('sort')}
          value={order}
          onChange={(value) => setOrder(value as Order)}
          data={[
            { value: 'start', label: t('sortStart') },
            { value: 'duration', label: t('sortDuration') },
            { value: 'code', label: t('sortCode') },
          ]}
        />
        {critical.size > 0 && (
          <Text size="xs" c="dimmed" className="foreign">
            ▭ {t('criticalOnly')}: {durationText(axis.to - axis.from)}
          </Text>
        )}
      </Group>
      <div className={classes['chart']} role="group" aria-label={t('ganttOf')}>
        <div className={classes['axis']} aria-hidden>
          <span />
          <span className={classes['ticks']}>
            {ticksOf(axis, 4).map((tick) => (
              <span key={tick} className={classes['tick']} style={{ left: `${placeOf(axis.from + tick, axis)}%` }}>
                +{durationText(tick)}
              </span>
            ))}
          </span>
        </div>
        <div className={classes['rows']}>
          {sorted.map((node) => (
            <Bar
              key={node.code}
              {...{ node, axis, now }}
              critical={critical.has(node.code)}
              selected={node.code === selected}
              onChoose={() => onChoose(node)}
            />
          ))}
        </div>
      </div>
    </>
  )
}

const startOf = ({ startedAt }: RunNode): number => startedAt ?? Infinity
const lengthOf = ({ startedAt, endedAt }: RunNode): number => (startedAt === null ? -1 : (endedAt ?? Infinity) - startedAt)
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

const ORDERS: Readonly<Record<Order, (a: RunNode, b: RunNode) => number>> = {
  start: (a, b) => compare(startOf(a), startOf(b)),
  duration: (a, b) => compare(lengthOf(b), lengthOf(a)),
  code: (a, b) => a.code.localeCompare(b.code),
}

interface BarProps {
  readonly node: RunNode
  readonly axis: Axis
  readonly now: number
  readonly critical: boolean
  readonly selected: boolean
  readonly onChoose: () => void
}

function Bar({ node, axis, now, critical, selected, onChoose }: BarProps) {
  const t = useTexts(runTexts)
  const states = useTexts(stateTexts)
  const { startedAt, endedAt, state, name } = node
  const left = placeOf(startedAt ?? 0, axis)
  // Between given to an executor and begun there.
  const given = Math.min(...node.instances.flatMap(({ reservedAt }) => (reservedAt === null ? [] : [reservedAt])))
  const says = [states(state), critical ? t('critical') : ''].filter((word) => word !== '').join(', ')
  return (
    <button
      type="button"
      className={classes['bar']}
      data-critical={critical || undefined}
      aria-pressed={selected}
      title={`${name}: ${says}`}
      onClick={onChoose}
    >
      <span className={`${classes['label']} foreign`}>{name}</span>
      <VisuallyHidden>{says}</VisuallyHidden>
      <span className={classes['track']}>
        {startedAt !== null && (
          <>
            {given < startedAt && (
              <span
                className={classes['given']}
                style={{ left: `${placeOf(given, axis)}%`, width: `${left - placeOf(given, axis)}%` }}
              />
            )}
            <span
              className={classes['span']}
              style={{
                left: `${left}%`,
                width: `${placeOf(endedAt ?? now, axis) - left}%`,
                backgroundColor: `var(--state-${STATE_LOOKS[state].tone})`,
              }}
            />
          </>
        )}
      </span>
      <span className={classes['length']}>{startedAt === null ? states(state) : <SpanLength node={node} />}</span>
    </button>
  )
}
