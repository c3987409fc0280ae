import { printableLine } from './printable.ts'
import { cutTo, padTo, widthOf } from './width.ts'
import type { Style, Terminal } from './terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly text: (row: Row) => string
  readonly align?: 'left' | 'right'
  readonly style?: (row: Row) => Style | null
}

const GAP = 2
const NARROWEST = 8

/** Rows under their titles. What does not fit on a terminal is cut in the widest column; a pipe gets everything. */
export function table<Row>(
  terminal: Pick<Terminal, 'columns' | 'paint'>,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const cells = rows.map((row) => columns.map((column) => printableLine(column.text(row))))
  const wanted = columns.map((column, index) => Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index]!))))
  const widths = terminal.columns === null ? wanted : fit(wanted, terminal.columns)
  const line = (texts: readonly string[], styleAt: (index: number) => Style | null) =>
    texts
      .map((text, index) => {
        const cell = padTo(cutTo(text, widths[index]!), widths[index]!, columns[index]!.align)
        const shown = index === texts.length - 1 ? cell.trimEnd() : cell
        const style = styleAt(index)
        return style === null ? shown : terminal.paint(style, shown)
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  const head = line(
    columns.map((column) => column.title),
    () => 'bold',
  )
  const body = cells.map((texts, number) => line(texts, (index) => columns[index]!.style?.(rows[number]!) ?? null))
  return [head, ...body].join('\n')
}

function fit(wanted: readonly number[], columns: number): number[] {
  const widths = [...wanted]
  const excess = () => widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - columns
  while (excess() > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= NARROWEST) break
    widths[widest]! -= 1
  }
  return widths
}
