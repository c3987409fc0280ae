/**
 * Which rows of a log are in sight. All rows are equally high, so it is arithmetic, however many there are; but a browser clamps what it
 * scrolls (Firefox at 17.9 million pixels), so beyond a limit a pixel of the scroll bar stands for more than one of the log.
 */
export const ROW_PX = 24
export const MOST_PX = 15_000_000

export interface Scene {
  readonly rows: number
  /** Height of what is seen, in pixels. */
  readonly view: number
}

/** Of what is scrolled. */
export const heightOf = ({ rows }: Pick<Scene, 'rows'>): number => Math.min(rows * ROW_PX, MOST_PX)

function pixelsPerPixel({ rows, view }: Scene): number {
  const full = rows * ROW_PX
  return full <= MOST_PX ? 1 : (full - view) / (MOST_PX - view)
}

/** How far the log's own top is above what is seen, in its own pixels. */
export const offsetAt = (scrollTop: number, scene: Scene): number => scrollTop * pixelsPerPixel(scene)

/** The inverse: where to scroll so that the log lies there. Within what can be scrolled. */
export function scrollTopFor(offset: number, scene: Scene): number {
  const most = Math.max(0, heightOf(scene) - scene.view)
  return Math.min(most, Math.max(0, offset / pixelsPerPixel(scene)))
}

/** So that a row stands in the upper third, with what led to it above. */
export const offsetOfRow = (row: number, { view }: Pick<Scene, 'view'>): number => Math.max(0, row * ROW_PX - view / 3)

export interface RowsInSight {
  readonly first: number
  /** Behind the last one. */
  readonly end: number
  /** Where the first one is put inside of what is scrolled. */
  readonly top: number
}

const BEYOND = 12

export function rowsInSight(scrollTop: number, scene: Scene): RowsInSight {
  const offset = offsetAt(scrollTop, scene)
  const first = Math.max(0, Math.min(Math.floor(offset / ROW_PX), scene.rows) - BEYOND)
  const end = Math.min(scene.rows, Math.ceil((offset + scene.view) / ROW_PX) + BEYOND)
  return { first, end, top: scrollTop + first * ROW_PX - offset }
}

/** Within a row of its end, where new lines are followed. */
export const isAtEnd = (scrollTop: number, scene: Scene): boolean => scrollTop >= heightOf(scene) - scene.view - ROW_PX
