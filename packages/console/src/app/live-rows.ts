/** What a list shows of its pages, which were read when they were scrolled to, and of its first page as it is now. */
export interface ShownRows<T> {
  /** In their places, as they are now. */
  readonly rows: readonly T[]
  /** Rows that have come since. */
  readonly fresh: number
  /** Rows that should be on the first page if they were still what is listed. */
  readonly gone: number
}

/** `head`: the first page as it is now, newest first like the others; undefined: it is not known. */
export function shownRows<T>(
  known: readonly T[],
  head: { readonly items: readonly T[]; readonly nextCursor: string | null } | undefined,
  idOf: (row: T) => number | string,
): ShownRows<T> {
  if (head === undefined) return { rows: known, fresh: 0, gone: 0 }
  const ids = new Set(known.map(idOf))
  const present = new Map(head.items.map((row) => [idOf(row), row]))
  const last = head.items.findLast((row) => ids.has(idOf(row)))
  const reach =
    head.nextCursor === null ? known.length : last === undefined ? 0 : known.findIndex((row) => idOf(row) === idOf(last)) + 1
  return {
    rows: known.map((row) => present.get(idOf(row)) ?? row),
    fresh: [...present.keys()].filter((id) => !ids.has(id)).length,
    gone: known.slice(0, reach).filter((row) => !present.has(idOf(row))).length,
  }
}
