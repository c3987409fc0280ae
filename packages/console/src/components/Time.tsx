import { useEffect, useState } from 'react'
import { usePreferences } from '../app/preferences.ts'
import { useLanguage } from '../i18n/texts.ts'
import { durationText, momentText, relativeText, zoneName } from './moments.ts'

/** An instant with its zone; the tooltip has it in UTC, relative, and as milliseconds. Nothing where there is none. */
export function Time({ at, zone: named }: { at: number | null | undefined; zone?: string | undefined }) {
  const { zone } = usePreferences()
  const language = useLanguage()
  if (at === null || at === undefined) return <span aria-hidden>–</span>
  const title = `${relativeText(at, Date.now(), language)}\n${momentText(at, 'UTC')}\n${at}`
  return (
    <time dateTime={new Date(at).toISOString()} title={title} style={{ whiteSpace: 'nowrap' }}>
      {momentText(at, named ?? zoneName(zone))}
    </time>
  )
}

/** How long ago, or how long until; it counts on by itself. */
export function Relative({ at }: { at: number | null | undefined }) {
  const { zone } = usePreferences()
  const language = useLanguage()
  const now = useNow(at !== null && at !== undefined)
  if (at === null || at === undefined) return <span aria-hidden>–</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={momentText(at, zoneName(zone))} style={{ whiteSpace: 'nowrap' }}>
      {relativeText(at, now, language)}
    </time>
  )
}

/** Between two instants; while the end is open it grows. */
export function Duration({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  const open = from !== null && from !== undefined && (to === null || to === undefined)
  const now = useNow(open)
  if (from === null || from === undefined) return <span aria-hidden>–</span>
  return <span style={{ whiteSpace: 'nowrap' }}>{durationText((to ?? now) - from)}</span>
}

/** This second, while something goes on. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!ticking) return undefined
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
