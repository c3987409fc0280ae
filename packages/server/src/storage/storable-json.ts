/**
 * JSON text as PostgreSQL can store it. A NUL and half of a surrogate pair are legal in a JavaScript string and refused by jsonb; they
 * become visible signs, because the work was done and its result must not be lost over a character.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  // Only text with a \u escape can hold either.
  return text.includes('\\u') ? JSON.stringify(clean(value)) : text
}

/** The same for a plain text. */
export const storableText = (text: string): string => text.replaceAll('\u0000', '␀').toWellFormed()

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  // What JSON.stringify would ask a value to become, it becomes here.
  if ('toJSON' in value && typeof value.toJSON === 'function') return clean(value.toJSON())
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [storableText(key), clean(child)]))
}

/** Whether a value of JSON is nested too deeply to be written, or walked: that is done by recursion, and the depth is the sender's. */
export function isTooDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []))
  }
  return false
}

const DEEPEST = 500
