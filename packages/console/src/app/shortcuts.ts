import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { setPaused } from './live-connection.ts'
import { useLiveState } from './live-state.ts'
import { usePreferences } from './preferences.ts'

/** After `g`: the pages of a tenant. */
export const PLACES = {
  o: '',
  r: '/runs',
  i: '/instances',
  s: '/schedules',
  d: '/dags',
  t: '/tasks',
  y: '/task-types',
  x: '/executors',
  a: '/audit',
} as const

/** Single keys, where nobody is typing and no dialog is open; they can be switched off on the page of one's account. */
export function useShortcuts(tenant: string | null, onHelp: () => void): void {
  const { shortcuts } = usePreferences()
  const { paused } = useLiveState()
  const navigate = useNavigate()
  useEffect(() => {
    if (!shortcuts) return undefined
    let afterG = false
    const press = (event: KeyboardEvent) => {
      if (isTyping(event) || document.querySelector('[role=dialog]') !== null) return
      const { key } = event
      const place = afterG && tenant !== null && Object.hasOwn(PLACES, key) ? PLACES[key as keyof typeof PLACES] : undefined
      afterG = key === 'g'
      if (place !== undefined) void navigate({ to: `/t/${tenant}${place}` as never })
      else if (key === '.') setPaused(!paused)
      else if (key === '?') onHelp()
      else if (key === '/') focusFilter()
      else if (key === 'j' || key === 'k') moveInRows(key === 'j' ? 1 : -1)
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [shortcuts, paused, tenant, navigate, onHelp])
}

/** Keys of one page; where nobody is typing, no dialog is open, and they have not been switched off. */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  const { shortcuts } = usePreferences()
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    if (!shortcuts) return undefined
    const press = (event: KeyboardEvent) => {
      const act = latest.current[event.key]
      if (act === undefined || event.defaultPrevented || isTyping(event) || document.querySelector('[role=dialog]') !== null)
        return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [shortcuts])
}

/** Ctrl K or ⌘ K: also while somebody types, and when single keys are switched off, for it is none. */
export function useCommandK(onPress: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isIt = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k'
      if (!isIt || document.querySelector('[role=dialog]') !== null) return
      event.preventDefault()
      onPress()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [onPress])
}

function isTyping({ target, isComposing, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (isComposing || ctrlKey || metaKey || altKey) return true
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function focusFilter(): void {
  document.querySelector<HTMLElement>('main [role=search] input')?.focus()
}

/** From row to row of the page's list, by the link that each begins with. */
function moveInRows(by: 1 | -1): void {
  const links = Array.from(document.querySelectorAll('main tbody tr'), (row) => row.querySelector<HTMLElement>('a'))
  const rows = links.filter((link) => link !== null)
  const present = rows.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true)
  rows[present === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, present + by))]?.focus()
}
