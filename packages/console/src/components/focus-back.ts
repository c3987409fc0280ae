import { useEffect, useState } from 'react'

/** Gives the focus back to where it was when this was mounted: a dialog that is taken away whole cannot do it by itself. */
export function useFocusBack(): void {
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    },
    [before],
  )
}
