import type { LucideIcon } from 'lucide-react'
import classes from './StateBadge.module.css'

interface MarkerProps {
  readonly word: string
  /** A colour of `app.css`: `success`, `failed`, … */
  readonly tone: string
  readonly icon: LucideIcon
  readonly outline?: 'solid' | 'dashed' | 'dotted' | 'thick'
  readonly note?: string | undefined
}

/** What something other than a run is in: an executor, a schedule, a fire. Looks like `StateBadge`: told by icon, outline and word as well. */
export function Marker({ word, tone, icon: Icon, outline = 'solid', note }: MarkerProps) {
  return (
    <span
      className={classes['badge']}
      data-outline={outline}
      style={{ color: `var(--state-${tone})`, backgroundColor: `var(--state-${tone}-tint)` }}
      title={note}
    >
      <Icon size={14} strokeWidth={2} aria-hidden />
      {word}
    </span>
  )
}
