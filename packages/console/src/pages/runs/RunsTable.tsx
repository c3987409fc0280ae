import type { Run } from '@carillon/contract'
import { Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { List } from '../../app/live-list.ts'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { useRunColumns } from './columns.tsx'
import { runsTexts } from './text.ts'

interface RunsTableProps {
  readonly label: string
  readonly list: List<Run>
  readonly empty: ReactNode
}

/** The runs of one task or DAG, on its page. */
export function RunsTable({ label, list, empty }: RunsTableProps) {
  const t = useTexts(runsTexts)
  const { state, origin, created, ran } = useRunColumns()
  const run: Column<Run> = {
    id: 'run',
    header: t('id'),
    cell: ({ id, dag }) => (
      <Group gap={6}>
        <TenantLink to={`runs/${id}`}>#{id}</TenantLink>
        {dag && (
          <Text size="xs" c="dimmed">
            {t('version', { version: dag.version })}
          </Text>
        )}
      </Group>
    ),
  }
  return <DataTable label={label} list={list} idOf={({ id }) => id} empty={empty} columns={[run, state, origin, created, ran]} />
}
