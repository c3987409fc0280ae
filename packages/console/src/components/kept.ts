import { useRef } from 'react'

/**
 * The list with the objects of the one before for everything that is as it was, and the list before itself when nothing has changed: what
 * is drawn from it then need not look again.
 */
export function kept<T>(before: readonly T[], now: readonly T[], nameOf: (item: T) => string): readonly T[] {
  if (before === now) return before
  const known = new Map(before.map((item) => [nameOf(item), item]))
  const list = now.map((item) => {
    const old = known.get(nameOf(item))
    return old !== undefined && same(old, item) ? old : item
  })
  return list.length === before.length && list.every((item, place) => item === before[place]) ? before : list
}

/** `kept` from one drawing of a component to the next. */
export function useKept<T>(now: readonly T[], nameOf: (item: T) => string): readonly T[] {
  const before = useRef<readonly T[]>([])
  return (before.current = kept(before.current, now, nameOf))
}

/** Of what is made of objects, lists and plain values. What is one object needs no look inside. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key as keyof typeof a], b[key as keyof typeof b]))
  )
}
