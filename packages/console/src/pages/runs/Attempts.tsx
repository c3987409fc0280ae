import type { Attempt, InstanceDetail } from '@carillon/contract'
import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTenant } from '../../app/session.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { failureOf } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

/** Every try of an instance, on which executor, and how it ended. */
export function Attempts({ instance }: { instance: InstanceDetail }) {
  const t = useTexts(runTexts)
  const { code } = useTenant()
  const columns: readonly Column<Attempt>[] = [
    {
      id: 'number',
      header: t('attempts'),
      cell: ({ number }) => (
        <Anchor
          component={Link}
          to="."
          search={((before: object) => ({ ...before, panel: undefined, attempt: String(number), line: undefined })) as never}
          size="sm"
        >
          {t('attempt', { number })}
        </Anchor>
      ),
    },
    { id: 'outcome', header: t('outcome'), cell: ({ outcome }) => <StateBadge state={outcome ?? instance.state} /> },
    {
      id: 'executor',
      header: t('executor'),
      cell: ({ executor }) =>
        executor === null ? (
          '–'
        ) : (
          <Anchor component={Link} to={`/t/${code}/executors/${executor.id}`} size="sm" className="foreign">
            {executor.instance ?? `#${executor.id}`}
          </Anchor>
        ),
    },
    { id: 'assigned', header: t('assigned'), wide: true, cell: ({ reservedAt }) => <Time at={reservedAt} /> },
    { id: 'started', header: t('started'), cell: ({ startedAt }) => <Time at={startedAt} /> },
    {
      id: 'duration',
      header: t('duration'),
      align: 'right',
      cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
    },
    {
      id: 'error',
      header: t('error'),
      cell: ({ error }) => (
        <Text size="sm" className="foreign" lineClamp={2}>
          {failureOf(error)?.message}
        </Text>
      ),
    },
  ]
  const rows = [...instance.attempts].reverse()
  return (
    <DataTable
      label={t('attempts')}
      list={{ rows, pending: false, error: null, retry: () => undefined }}
      idOf={({ number }) => number}
      columns={columns}
      empty={<EmptyState title={t('noAttempts')}>{t('noAttemptsHint')}</EmptyState>}
    />
  )
}
