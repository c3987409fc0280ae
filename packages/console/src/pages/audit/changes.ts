export interface FieldChange {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** The top-level fields in which two bodies differ. */
export function changesBetween(before: unknown, after: unknown): readonly FieldChange[] {
  const [was, is] = [recordOf(before), recordOf(after)]
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return fields
    .filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]))
    .map((field) => ({ field, before: was[field], after: is[field] }))
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
