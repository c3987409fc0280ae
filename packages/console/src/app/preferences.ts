import { useSyncExternalStore } from 'react'

/** What a person chose for this browser alone; a shared link never depends on it. */
interface Preferences {
  /** `local`: the browser's own zone. */
  readonly zone: 'local' | 'UTC'
  /** Single keys as shortcuts. */
  readonly shortcuts: boolean
  readonly lastTenant: string | null
  /** Tenants whose first steps are not to be shown any more. */
  readonly startedHidden: readonly string[]
}

const KEY = 'carillon.preferences'
const DEFAULTS: Preferences = { zone: 'local', shortcuts: true, lastTenant: null, startedHidden: [] }

let current = read()
const listeners = new Set<() => void>()

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) }
  } catch {
    return DEFAULTS
  }
}

export function setPreferences(changes: Partial<Preferences>): void {
  current = { ...current, ...changes }
  localStorage.setItem(KEY, JSON.stringify(current))
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

export const preferences = (): Preferences => current
