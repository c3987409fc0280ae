import { ActionIcon } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'

/** A button in the corner of a graph. */
export function GraphTool({ label, icon: Icon, onClick }: { label: string; icon: LucideIcon; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" size={28} color="gray" aria-label={label} title={label} onClick={onClick}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </ActionIcon>
  )
}
