/** Lines that an address names: `10482` or `10482-10490`. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

const MOST_LINES = 5_000

export function parseRange(text: string | undefined): LineRange | null {
  const [, first, last] = /^(\d{1,12})(?:-(\d{1,12}))?$/.exec(text ?? '') ?? []
  if (first === undefined) return null
  const ends = [Number(first), Number(last ?? first)].sort((a, b) => a - b) as [number, number]
  return ends[0] < 1 ? null : { from: ends[0], to: Math.min(ends[1], ends[0] + MOST_LINES - 1) }
}

export const rangeText = ({ from, to }: LineRange): string => (from === to ? String(from) : `${from}-${to}`)

/** What a click on the number of a line names; with the shift key everything from what was named before. */
export function picked(line: number, before: LineRange | null, extend: boolean): LineRange {
  if (!extend || before === null) return { from: line, to: line }
  return { from: Math.min(before.from, line), to: Math.max(before.from, line) }
}

export const isIn = (range: LineRange | null, line: number): boolean => range !== null && line >= range.from && line <= range.to
