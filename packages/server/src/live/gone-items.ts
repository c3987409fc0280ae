/** Items that have gone, for viewers who come to hear of them late. */
export interface GoneItems {
  add(ids: readonly number[], revision: number): void
  /** Those that have gone since a revision; null: it is too long ago to say. */
  since(revision: number): readonly number[] | null
}

/** `most`: that are remembered. */
export function createGoneItems(most: number): GoneItems {
  let gone: { readonly id: number; readonly revision: number }[] = []
  let forgottenUntil = 0
  return {
    add(ids, revision) {
      gone.push(...ids.map((id) => ({ id, revision })))
      const tooMany = gone.length - most
      if (tooMany <= 0) return
      forgottenUntil = gone[tooMany - 1]!.revision
      gone = gone.slice(tooMany)
    },
    since: (revision) => (revision < forgottenUntil ? null : gone.filter((each) => each.revision > revision).map(({ id }) => id)),
  }
}
