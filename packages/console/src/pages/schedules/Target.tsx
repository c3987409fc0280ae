import type { ScheduleView } from '@carillon/contract'
import { TenantLink } from '../../components/TenantLink.tsx'

/** The task or the DAG that it runs. */
export function Target({ schedule: { task, dag } }: { schedule: ScheduleView }) {
  const path = task === null ? `dags/${dag?.code}` : `tasks/${task.code}`
  return (
    <TenantLink to={`${path}`} quiet>
      {task?.code ?? dag?.code}
    </TenantLink>
  )
}
