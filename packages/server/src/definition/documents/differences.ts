import type { DefinitionChange } from '@carillon/contract'

/**
 * The fields in which two documents differ. Objects are gone into; so are lists whose members carry a code (nodes) or lead from one to
 * another (edges), whose order means nothing. Any other list is one value.
 */
export function differences(before: unknown, after: unknown, path = ''): DefinitionChange[] {
  if (isObject(before) && isObject(after)) return inside(before, after, path)
  const [named, wanted] = [byName(before), byName(after)]
  if (named && wanted) return inside(named, wanted, path)
  if (canonical(before) === canonical(after)) return []
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
}

type Fields = Readonly<Record<string, unknown>>

function inside(before: Fields, after: Fields, path: string): DefinitionChange[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => differences(own(before, key), own(after, key), `${path}/${escaped(key)}`))
}

const own = (fields: Fields, key: string) => (Object.hasOwn(fields, key) ? fields[key] : undefined)

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list as an object by its members' names; null where they have none, or one twice. */
function byName(value: unknown): Fields | null {
  if (!Array.isArray(value)) return null
  const entries = value.map((member: unknown) => [nameOf(member), member] as const)
  const names = new Set(entries.map(([name]) => name))
  if (names.has(null) || names.size < entries.length) return null
  return Object.fromEntries(entries)
}

function nameOf(member: unknown): string | null {
  if (!isObject(member)) return null
  if (typeof member['code'] === 'string') return member['code']
  if (typeof member['from'] === 'string' && typeof member['to'] === 'string') return `${member['from']} → ${member['to']}`
  return null
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}
