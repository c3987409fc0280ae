/** Counted of all that match, before something is done to them. */
export const MOST_COUNTED = 10_000
export const SAMPLE = 20

interface Found<State> {
  readonly items: readonly { readonly id: number; readonly state: State }[]
  readonly nextCursor: string | null
}

/** What a preview says of those to which it can be done (`meant`) among all that match. */
export function previewOf<State extends string>(meant: Found<State>, all: Found<State>, states: readonly State[]) {
  const ids = new Set(meant.items.map(({ id }) => id))
  // Both are the newest of theirs: what is not meant among all that were read is told from it, also where there are more of both.
  const others = all.items.filter(({ id }) => !ids.has(id))
  const tally = (items: Found<State>['items']) =>
    states
      .map((state) => ({ state, count: items.filter((item) => item.state === state).length }))
      .filter(({ count }) => count > 0)
  return {
    matches: { count: meant.items.length, more: meant.nextCursor !== null },
    others: { count: others.length, more: all.nextCursor !== null },
    states: tally(meant.items),
    otherStates: tally(others),
    upTo: meant.items[0]?.id ?? null,
  }
}
