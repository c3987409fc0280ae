import { fieldsOf } from './inbound.ts'

export interface LogPage {
  readonly lines: readonly string[]
  /** The line to ask for next. */
  readonly next: number
  /** Nothing more comes, once the attempt itself has ended. While it runs nobody can say so: pyxxl says it of every page. */
  readonly isLast: boolean
}

/** The first line. Some count from 0, but from 0 others answer wrongly. */
export const FIRST_LINE = 1

/** Java sends all that there is, which may be more than is written in one transaction. */
export const MOST_LINES = 20_000

/**
 * A page of an executor's log, asked for from line `from`. The cursor only goes forward: `toLineNum` is 0 or smaller than `from` where there
 * was nothing new. It is the last line, but of npm's `xxl-job` the one behind it; the number of lines tells which.
 */
export function readLogPage(payload: unknown, from: number): LogPage {
  const { toLineNum, logContent, isEnd } = fieldsOf(payload)
  const to = Number.isSafeInteger(toLineNum) ? (toLineNum as number) : 0
  const text = typeof logContent === 'string' ? logContent : ''
  const nothing = { lines: [], next: from, isLast: true }
  if (to < from || text.trim() === '') return nothing
  const lines = linesOf(text)
  if (lines.length > MOST_LINES)
    return { lines: lines.slice(0, MOST_LINES).flatMap(withoutTags), next: from + MOST_LINES, isLast: false }
  const isPast = lines.length === to - from
  return { lines: lines.flatMap(withoutTags), next: isPast ? to : to + 1, isLast: isEnd === true }
}

/** One client begins with a line end, most finish with one. */
function linesOf(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  if (lines[0] === '') lines.shift()
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Java writes for a browser. */
function withoutTags(line: string): string[] {
  return /<br\s*\/?>/i.test(line) ? line.split(/<br\s*\/?>/i).filter((part) => part !== '') : [line]
}
