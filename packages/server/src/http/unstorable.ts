import type { FieldProblem } from '@carillon/core'

const DEEPEST = 64

/**
 * Finds what JSON can spell and PostgreSQL cannot store (NUL, halves of surrogate pairs, numbers that overflow) and what is nested too
 * deeply to be walked; null when all is well.
 */
export function findUnstorable(value: unknown, path: string): FieldProblem | null {
  // A list of its own instead of recursion: how deep it goes is what is being examined.
  const open: Place[] = [{ value, key: path, parent: null, depth: 0 }]
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const message = problemOfScalar(item.value)
    if (message !== null) return { path: pathOf(item), message }
    if (!isNested(item.value)) continue
    if (item.depth === DEEPEST) return { path: pathOf(item), message: `is nested deeper than ${DEEPEST} levels` }
    const isList = Array.isArray(item.value)
    for (const [key, child] of Object.entries(item.value)) {
      if (!isList && problemOfScalar(key) !== null)
        return { path: pathOf(item), message: 'has a key with characters that cannot be stored' }
      // Most of a body is scalars, and nearly all of them are fine: those need no place.
      if (isNested(child) || problemOfScalar(child) !== null)
        open.push({ value: child, key, parent: item, depth: item.depth + 1 })
    }
  }
  return null
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null

interface Place {
  readonly value: unknown
  readonly key: string
  readonly parent: Place | null
  readonly depth: number
}

/** A JSON Pointer (RFC 6901), spelled only when there is something to say. */
function pathOf({ key, parent }: Place): string {
  return parent === null ? key : `${pathOf(parent)}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function problemOfScalar(value: unknown): string | null {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'holds the character NUL, which cannot be stored'
    if (/\p{Surrogate}/u.test(value)) return 'holds half a surrogate pair, which is not valid text'
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is a number out of range'
  return null
}
