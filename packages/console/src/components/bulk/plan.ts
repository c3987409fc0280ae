/** One thing of a list that something is to be done with. */
export interface BulkItem {
  readonly id: number
  readonly name: string
  /** Why it is left out, in words; null: it is done. */
  readonly leftOut: string | null
}

export interface ItemAnswer {
  readonly id: number
  readonly ok: boolean
  readonly detail?: string | undefined
}

/** More at once would make one request long, and a person who stops it wait. */
export const BATCH = 100
/** At most so many in one go: what matches beyond them is said, and can be done after them. */
export const MOST_ITEMS = 10_000
/** From here on the number has to be typed first. */
export const MANY = 1_000

export interface BulkPlan {
  readonly eligible: readonly BulkItem[]
  /** How many are left out, by why. */
  readonly leftOut: readonly (readonly [why: string, count: number])[]
}

export function planOf(items: readonly BulkItem[]): BulkPlan {
  const counts = new Map<string, number>()
  for (const { leftOut } of items) if (leftOut !== null) counts.set(leftOut, (counts.get(leftOut) ?? 0) + 1)
  return { eligible: items.filter(({ leftOut }) => leftOut === null), leftOut: [...counts].sort(([, a], [, b]) => b - a) }
}

export function batchesOf<T>(items: readonly T[], size = BATCH): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) => items.slice(place * size, (place + 1) * size))
}

/** All pages of a list up to a number; `more`: there were others. Tells how many there are after each page. */
export async function collect<T>(
  page: (cursor: string | undefined) => Promise<{ readonly items: readonly T[]; readonly nextCursor: string | null }>,
  most: number,
  tell: (count: number) => boolean,
): Promise<{ readonly items: readonly T[]; readonly more: boolean }> {
  const items: T[] = []
  for (let cursor: string | undefined; ;) {
    const { items: some, nextCursor } = await page(cursor)
    items.push(...some)
    if (!tell(items.length) || nextCursor === null) return { items: items.slice(0, most), more: items.length > most }
    if (items.length >= most) return { items: items.slice(0, most), more: true }
    cursor = nextCursor
  }
}
