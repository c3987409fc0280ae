/** What labels an executor must have: key by key a value, one of several, or none of several (also: no such label). */
export type LabelSelector = Readonly<Record<string, LabelRequirement>>
export type LabelRequirement = string | { readonly in: readonly string[] } | { readonly notIn: readonly string[] }

/** The same rule in SQL: the function `selected` of the migrations. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, wanted]) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    if (typeof wanted === 'string') return value === wanted
    if ('in' in wanted) return value !== undefined && wanted.in.includes(value)
    return value === undefined || !wanted.notIn.includes(value)
  })
}
