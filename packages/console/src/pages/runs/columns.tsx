import type { Run } from '@carillon/contract'
import type { Column } from '../../components/DataTable.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { runsTexts } from './text.ts'

type RunColumn = 'state' | 'origin' | 'created' | 'waited' | 'ran'

/** What every table of runs says of a run, whatever else it shows. */
export function useRunColumns(): Readonly<Record<RunColumn, Column<Run>>> {
  const t = useTexts(runsTexts)
  return {
    state: {
      id: 'state',
      header: t('state'),
      width: '120px',
      cell: (run) => <StateBadge state={run.state} note={run.reason ?? undefined} />,
    },
    origin: {
      id: 'origin',
      header: t('origin'),
      wide: true,
      cell: (run) => (
        <span className="foreign">
          {t(run.origin)} · {run.schedule?.code ?? run.startedBy}
        </span>
      ),
    },
    created: { id: 'created', header: t('created'), cell: (run) => <Time at={run.createdAt} /> },
    waited: {
      id: 'waited',
      header: t('waited'),
      align: 'right',
      wide: true,
      cell: (run) => <Duration from={run.createdAt} to={run.startedAt ?? run.endedAt} />,
    },
    ran: { id: 'ran', header: t('ran'), align: 'right', cell: (run) => <Duration from={run.startedAt} to={run.endedAt} /> },
  }
}
