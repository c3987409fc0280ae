import type { RunDetail, Wait, Why } from '@carillon/contract'
import { Alert, Anchor, Badge, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { CircleHelp } from 'lucide-react'
import { useSession, useTenant } from '../../app/session.tsx'
import { Relative, Time } from '../../components/Time.tsx'
import { useSaid } from '../../i18n/said.ts'
import { useTexts } from '../../i18n/texts.ts'
import { groupBy } from './group.ts'
import classes from './run.module.css'
import type { RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { isOver } from './use-run.ts'

/** Beside what waits for its parents, which is as it should be, these hold a run up. */
const ORDINARY = new Set<Why['reason']>(['DEPENDENCY', 'QUEUED', 'RESERVED'])

/** Why what waits does not run: what holds it, since there is one line for each reason, and how to get there. */
export function WhyPanel({ run, nodes }: { run: RunDetail; nodes: readonly RunNode[] }) {
  const t = useTexts(runTexts)
  if (isOver(run)) return null
  const waiting = nodes.flatMap((node) => node.instances.flatMap(({ why }) => (why === null ? [] : [{ node, why }])))
  const held = waiting.filter(({ why }) => !ORDINARY.has(why.reason))
  // As long as something runs, what is merely next in turn needs no explanation.
  const shown =
    held.length > 0 || nodes.some(({ state }) => state === 'RUNNING')
      ? held
      : waiting.filter(({ why }) => why.reason !== 'DEPENDENCY')
  if (shown.length === 0) return null
  const reasons = [...groupBy(shown, ({ why }) => `${why.reason} ${why.detail} ${why.heldBy ?? ''}`).values()]
  return (
    <Alert
      className={classes['why'] ?? ''}
      icon={<CircleHelp size={18} aria-hidden />}
      title={t('whyTitle')}
      role="region"
      aria-label={t('whyTitle')}
      mb="md"
      variant="outline"
    >
      {reasons.slice(0, 8).map((group) => (
        <WhyLine
          key={`${group[0]!.why.reason} ${group[0]!.why.detail}`}
          why={group[0]!.why}
          nodes={run.kind === 'DAG' ? group.map(({ node }) => node.name) : []}
        />
      ))}
    </Alert>
  )
}

export function WhyLine({ why, nodes }: { why: Why; nodes: readonly string[] }) {
  const t = useTexts(runTexts)
  const say = useSaid()
  return (
    <div className={classes['reason']}>
      <Group gap={8}>
        <Text fw={600} size="sm">
          {t(why.reason)}
        </Text>
        {nodes.length > 0 && (
          <Badge variant="default" radius="sm" className="foreign" tt="none">
            {nodes.length === 1 ? nodes[0] : t('whyNodes', { count: nodes.length })}
          </Badge>
        )}
        <Fix why={why} />
      </Group>
      <Text size="sm" className="foreign">
        {say(why.detail)}
        {why.until !== undefined && (
          <>
            {' '}
            {t('until')} <Time at={why.until} /> (<Relative at={why.until} />)
          </>
        )}
      </Text>
    </div>
  )
}

/** The way to what holds it. */
export function Fix({ why }: { why: Pick<Wait, 'reason' | 'heldBy'> }) {
  const t = useTexts(runTexts)
  const { code } = useTenant()
  const { user } = useSession()
  const link = (path: string, label: string) => (
    <Anchor component={Link} to={path} size="sm">
      {label}
    </Anchor>
  )
  const to = (path: string, label: string) => link(`/t/${code}${path}`, label)
  if (why.heldBy !== undefined)
    return to(`/runs/${why.heldBy}`, t(why.reason === 'SUB_DAG' ? 'subRun' : 'holder', { id: why.heldBy }))
  if (why.reason === 'APP_PAUSED') return to('/apps', t('toApps'))
  if (why.reason.includes('EXECUTOR')) return to('/executors', t('toExecutors'))
  if (why.reason === 'SCHEDULER_STOPPED' && user.platformAdmin) return link('/platform/nodes', t('toNodes'))
  return null
}
