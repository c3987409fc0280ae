import { ActionIcon, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'

interface IconButtonProps {
  readonly label: string
  readonly icon: ReactNode
  readonly onClick: () => void
  readonly loading?: boolean
}

export function IconButton({ label, icon, onClick, loading = false }: IconButtonProps) {
  return (
    <Tooltip label={label} withArrow>
      <ActionIcon variant="default" size={28} aria-label={label} onClick={onClick} loading={loading}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}
