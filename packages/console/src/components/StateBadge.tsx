import { useTexts } from '../i18n/texts.ts'
import classes from './StateBadge.module.css'
import { STATE_LOOKS, stateTexts, type StateWord } from './states.ts'

/** A state with its icon, outline and word. */
export function StateBadge({ state, note }: { state: StateWord; note?: string | undefined }) {
  const t = useTexts(stateTexts)
  const { tone, icon: Icon, outline, moves } = STATE_LOOKS[state]
  return (
    <span
      className={classes['badge']}
      data-outline={outline}
      style={{ color: `var(--state-${tone})`, backgroundColor: `var(--state-${tone}-tint)` }}
      title={note}
    >
      <Icon size={14} strokeWidth={2} aria-hidden className={moves ? classes['moving'] : undefined} />
      {t(state)}
    </span>
  )
}
