/** Counted of all that match, before something is done to them. */
export const MOST_COUNTED = 10_000
export const SAMPLE = 20

interface Found<State> {
  readonly items: readonly { readonly id: number; readonly state: State }[]
  readonly nextCursor: string | null
}

/** What a preview says of those to which it can be done (`meant`) among all that match. */
export function previewOf<State extends string>(meant: Found<State>, all: Found<State>, states: readonly State[]) {
  const of = (state: State) => meant.items.filter((item) => item.state === state).length
  return {
    matches: { count: meant.items.length, more: meant.nextCursor !== null },
    others: { count: Math.max(0, all.items.length - meant.items.length), more: all.nextCursor !== null },
    states: states.map((state) => ({ state, count: of(state) })).filter(({ count }) => count > 0),
    upTo: meant.items[0]?.id ?? null,
  }
}
