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

/** What was answered of some of them, and where to go on; null: those were the last. */
export interface Part {
  readonly answers: readonly ItemAnswer[]
  readonly next: string | null
}

/** Does the next of them; `cursor`: where the part before said to go on. A part whose answer was lost is asked for again. */
export type Parts = (cursor: string | undefined) => Promise<Part>

/** More at once would make one request long, and a person who stops it wait. */
export const BATCH = 100
/** At most so many are collected in one go: what matches beyond them is said, and can be done after them. */
export const MOST_ITEMS = 10_000
/** From here on the number has to be typed first. */
export const MANY = 1_000
const MOST_NAMED = 8

/** What is about to happen. */
export interface BulkPlan {
  /** That it is done to, as far as counted. */
  readonly count: number
  /** What becomes of those that were not counted; null: all were. */
  readonly beyond: 'done' | 'left' | null
  /** How many are left out, by why. */
  readonly leftOut: readonly (readonly [why: string, count: number])[]
  /** They are that many or more. */
  readonly leftOutMore: boolean
  /** Of some. */
  readonly names: readonly string[]
}

/** A plan of what is known one by one, and the ids that it is about. */
export function planOf(items: readonly BulkItem[], more = false): BulkPlan & { readonly ids: readonly number[] } {
  const done = items.filter(({ leftOut }) => leftOut === null)
  return {
    count: done.length,
    beyond: more ? 'left' : null,
    leftOut: countedByWhy(items.flatMap(({ leftOut }) => (leftOut === null ? [] : [[leftOut, 1] as const]))),
    leftOutMore: false,
    names: done.slice(0, MOST_NAMED).map(({ name }) => name),
    ids: done.map(({ id }) => id),
  }
}

/** What the server says before it does something to all that match. */
export interface ServerPreview<T> {
  readonly matches: { readonly count: number; readonly more: boolean }
  readonly others: { readonly more: boolean }
  readonly otherStates: readonly { readonly state: string; readonly count: number }[]
  readonly sample: readonly T[]
  /** Nothing that was created later is touched; null: there is nothing to do. */
  readonly upTo: number | null
}

/** A plan of what the server finds; `why`: in words, why something in a state is left out. */
export function planOfPreview<T>(
  { matches: { count, more }, others, otherStates, sample }: ServerPreview<T>,
  why: (state: string) => string,
  nameOf: (row: T) => string,
): BulkPlan {
  return {
    count,
    beyond: more ? 'done' : null,
    leftOut: countedByWhy(otherStates.map((other) => [why(other.state), other.count])),
    leftOutMore: others.more,
    names: sample.slice(0, MOST_NAMED).map(nameOf),
  }
}

function countedByWhy(reasons: readonly (readonly [why: string, count: number])[]): BulkPlan['leftOut'] {
  const counts = new Map<string, number>()
  for (const [why, count] of reasons) counts.set(why, (counts.get(why) ?? 0) + count)
  return [...counts].sort(([, a], [, b]) => b - a)
}

/** What is known one by one, some at a time. */
export function inBatches(
  ids: readonly number[],
  act: (ids: readonly number[]) => Promise<readonly ItemAnswer[]>,
  size = BATCH,
): Parts {
  return async (cursor) => {
    const from = Number(cursor ?? 0)
    const answers = await act(ids.slice(from, from + size))
    return { answers, next: from + size < ids.length ? String(from + size) : null }
  }
}

/** How far it is. */
export interface Progress {
  readonly done: number
  readonly refused: readonly ItemAnswer[]
  /** Where to go on; undefined: from the beginning. null: through. */
  readonly cursor: string | null | undefined
}

export const NOTHING_YET: Progress = { done: 0, refused: [], cursor: undefined }

export function withPart({ done, refused }: Progress, { answers, next }: Part): Progress {
  const no = answers.filter(({ ok }) => !ok)
  return { done: done + answers.length - no.length, refused: no.length === 0 ? refused : [...refused, ...no], cursor: next }
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
