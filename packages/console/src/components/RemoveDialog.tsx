import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTenant } from '../app/session.tsx'
import { ConfirmDialog } from './ConfirmDialog.tsx'

interface RemoveDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  readonly confirm: string
  /** What goes with it. */
  readonly children: ReactNode
  /** Has to be typed first. */
  readonly word?: string
  /** The tenant's list that it is on, by its address and its queries: `tasks`. */
  readonly list: string
  readonly remove: () => Promise<unknown>
}

/** Asks on an object's page before it is deleted; then shows the list that it was on. */
export function RemoveDialog({ list, remove, ...rest }: RemoveDialogProps) {
  const { code } = useTenant()
  const navigate = useNavigate()
  const client = useQueryClient()
  return (
    <ConfirmDialog
      {...rest}
      danger
      onConfirm={async () => {
        await remove()
        await navigate({ to: `/t/${code}/${list}` })
        client.removeQueries({ queryKey: [list, code] })
      }}
    />
  )
}
