import type { Wait } from '@carillon/contract'
import { Group, Text } from '@mantine/core'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { durationText } from '../../components/moments.ts'
import { Duration, Time, useNow } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import classes from './run.module.css'
import { runTexts } from './run-text.ts'
import { Fix } from './WhyPanel.tsx'

/** What a stretch of waiting looks like; any other is held back by a limit. */
const KINDS: Partial<Record<Wait['reason'], 'turn' | 'person' | 'fault'>> = {
  DEPENDENCY: 'turn',
  QUEUED: 'turn',
  RESERVED: 'turn',
  TIME: 'turn',
  SUB_DAG: 'turn',
  APPROVAL: 'person',
  EVENT: 'person',
  PAUSED: 'person',
  APP_PAUSED: 'person',
  SCHEDULER_STOPPED: 'person',
  TENANT_SUSPENDED: 'person',
  NO_EXECUTOR: 'fault',
  EXECUTORS_UNAVAILABLE: 'fault',
}

/** What held an instance up before each of its attempts, and for how long: together all that it has waited. */
export function Waits({ waits }: { waits: readonly Wait[] }) {
  const t = useTexts(runTexts)
  const now = useNow(waits.at(-1)?.until === null)
  if (waits.length === 0) return <EmptyState title={t('noWaits')}>{t('noWaitsHint')}</EmptyState>
  const lengthOf = ({ since, until }: Wait) => Math.max(0, (until ?? now) - since)
  const columns: readonly Column<Wait>[] = [
    {
      id: 'reason',
      header: t('reason'),
      cell: (wait) => (
        <>
          <Group gap={8}>
            <Text fw={600} size="sm">
              {t(wait.reason)}
            </Text>
            {(wait.heldBy !== undefined || wait.until === null) && <Fix why={wait} />}
          </Group>
          {wait.detail !== undefined && (
            <Text size="sm" className="foreign">
              {wait.detail}
            </Text>
          )}
        </>
      ),
    },
    { id: 'since', header: t('since'), wide: true, cell: ({ since }) => <Time at={since} /> },
    {
      id: 'duration',
      header: t('duration'),
      align: 'right',
      cell: ({ since, until }) => <Duration from={since} to={until} />,
    },
  ]
  return (
    <>
      <div className={classes['waits']} aria-hidden>
        {waits.map((wait) => (
          <span key={wait.since} data-kind={KINDS[wait.reason]} style={{ flexGrow: lengthOf(wait) }} title={t(wait.reason)} />
        ))}
      </div>
      <DataTable
        label={t('waitsTitle')}
        list={{ rows: waits, pending: false, error: null, retry: () => undefined }}
        idOf={({ since }) => since}
        columns={columns}
        empty={null}
      />
      <Text size="sm" ta="right" mt={4}>
        {t('waitedInAll')}: <strong>{durationText(waits.reduce((sum, wait) => sum + lengthOf(wait), 0))}</strong>
      </Text>
    </>
  )
}
