/** Heights of what lists of nodes are made of. */
export const HEADING_PX = 34
export const ROW_PX = 28

/** Rows beyond what is seen that are there all the same, so that scrolling meets no gap. */
const BEYOND = 20

export interface Stretch {
  readonly first: number
  /** Behind the last one. */
  readonly end: number
}

/** Which rows of each group are in sight, when the groups stand below one another, each under its heading. */
export function rowsInSight(sizes: readonly number[], top: number, height: number): readonly Stretch[] {
  let start = 0
  return sizes.map((size) => {
    start += HEADING_PX
    const rowAt = (y: number) => Math.min(size, Math.max(0, Math.floor((y - start) / ROW_PX)))
    const stretch = { first: rowAt(top - BEYOND * ROW_PX), end: rowAt(top + height + (BEYOND + 1) * ROW_PX) }
    start += size * ROW_PX
    return stretch
  })
}
