import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTenant } from '../../app/session.tsx'
import { DataTable } from '../../components/DataTable.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { schedulesTexts } from './text.ts'
import { Timing } from './Timing.tsx'

interface SchedulesTableProps {
  /** What they start, by its code. */
  readonly target: { readonly task: string } | { readonly dag: string }
  readonly empty: ReactNode
}

/** The schedules of one task or DAG, on its page. */
export function SchedulesTable({ target, empty }: SchedulesTableProps) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const schedules = useQuery({
    queryKey: ['schedules', code, target],
    queryFn: () => api.schedules.list({ query: { ...target, limit: 200 } }),
  })
  return (
    <DataTable
      label={t('title')}
      list={{
        rows: schedules.data?.items ?? [],
        pending: schedules.isPending,
        error: schedules.error,
        retry: () => void schedules.refetch(),
      }}
      idOf={({ id }) => id}
      empty={empty}
      columns={[
        {
          id: 'code',
          header: t('code'),
          cell: (schedule) => <TenantLink to={`schedules/${schedule.code}`}>{schedule.code}</TenantLink>,
        },
        { id: 'timing', header: t('timing'), wide: true, cell: ({ timing }) => <Timing timing={timing} /> },
        { id: 'state', header: t('state'), cell: ({ paused }) => t(paused ? 'paused' : 'active') },
        { id: 'next', header: t('nextFire'), cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
      ]}
    />
  )
}
