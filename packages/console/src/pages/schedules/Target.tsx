import type { ScheduleView } from '@carillon/contract'
import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTenant } from '../../app/session.tsx'

/** The task or the DAG that it runs. */
export function Target({ schedule: { task, dag } }: { schedule: ScheduleView }) {
  const { code } = useTenant()
  const path = task === null ? `dags/${dag?.code}` : `tasks/${task.code}`
  return (
    <Anchor component={Link} to={`/t/${code}/${path}`} size="sm" c="inherit" className="foreign">
      {task?.code ?? dag?.code}
    </Anchor>
  )
}
