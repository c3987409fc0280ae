/**
 * Reading of MySQL's text, one piece at a time. Every function looks at `text` from `at` on and answers the piece with where it ends, or
 * INCOMPLETE where the text stops before the piece is known to be whole; the caller then comes again with more text.
 */
export const INCOMPLETE = Symbol('INCOMPLETE')
export type Incomplete = typeof INCOMPLETE

export interface Window {
  readonly text: string
  readonly at: number
  /** No more text will come. */
  readonly ended: boolean
}

export interface Piece<T> {
  readonly value: T
  readonly end: number
}

export type Cell = string | null

/** What cannot be read as MySQL writes it. */
export class SqlTextError extends Error {
  override readonly name = 'SqlTextError'
}

const BACKSLASH = 92
const BLANK = /\s*/y
const WORD = /[A-Za-z_$][\w$]*/y
const NUMBER = /[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y
const UNQUOTED = /[-+.\w$]*/y
const HEX = /0x[\da-fA-F]*/y

export function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

export function skipBlank(text: string, at: number): number {
  return at + matchAt(BLANK, text, at)!.length
}

/** Past the quote that ends what begins with the one at `at`. A loop and no pattern: texts of megabytes overflow a pattern's stack. */
export function endOfQuoted({ text, at, ended }: Window): number | Incomplete {
  const quote = text.charCodeAt(at)
  const escapes = text[at] !== '`'
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (escapes && code === BACKSLASH) i++
    else if (code === quote) {
      // The last character of the text may be the first of a doubled quote.
      if (i + 1 === text.length && !ended) return INCOMPLETE
      if (text.charCodeAt(i + 1) !== quote) return i + 1
      i++
    }
  }
  return INCOMPLETE
}

const ESCAPES: Readonly<Record<string, string>> = {
  0: '\0',
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  Z: '\u001A',
  '%': '\\%',
  _: '\\_',
}

export function unquoted(quoted: string): string {
  const inner = quoted.slice(1, -1)
  const quote = quoted[0]!
  const single =
    quote === '`'
      ? inner
      : inner.replace(/\\([^])|(['"])\2/g, (all, escaped?: string, doubled?: string) =>
          escaped !== undefined ? (ESCAPES[escaped] ?? escaped) : doubled === quote ? quote : all,
        )
  return quote === '`' ? single.replaceAll('``', '`') : single
}

/** `db`.`table`, "table" or table: the last part. */
export function readName({ text, at, ended }: Window): Piece<string> | Incomplete {
  const begin = skipBlank(text, at)
  if (begin === text.length && !ended) return INCOMPLETE
  const part = readNamePart({ text, at: begin, ended })
  if (part === INCOMPLETE) return INCOMPLETE
  const dot = skipBlank(text, part.end)
  if (dot === text.length && !ended) return INCOMPLETE
  return text[dot] === '.' ? readName({ text, at: dot + 1, ended }) : part
}

function readNamePart({ text, at, ended }: Window): Piece<string> | Incomplete {
  if (text[at] === '`' || text[at] === '"') {
    const end = endOfQuoted({ text, at, ended })
    return end === INCOMPLETE ? INCOMPLETE : { value: unquoted(text.slice(at, end)), end }
  }
  const word = matchAt(WORD, text, at)
  if (word === null) throw new SqlTextError(`a name was expected at "${excerpt(text, at)}"`)
  if (at + word.length === text.length && !ended) return INCOMPLETE
  return { value: word, end: at + word.length }
}

/** `(a, b)` of names. */
export function readNames({ text, at, ended }: Window): Piece<string[]> | Incomplete {
  const names: string[] = []
  let place = at + 1
  for (;;) {
    const name = readName({ text, at: place, ended })
    if (name === INCOMPLETE) return INCOMPLETE
    names.push(name.value)
    place = skipBlank(text, name.end)
    if (place === text.length) return INCOMPLETE
    if (text[place] === ')') return { value: names, end: place + 1 }
    if (text[place] !== ',') throw new SqlTextError(`a list of columns breaks off at "${excerpt(text, place)}"`)
    place += 1
  }
}

/** `(1,'two',NULL)`. Of the values that `isKept` does not want only the place is held. */
export function readRow({ text, at, ended }: Window, isKept: (index: number) => boolean): Piece<Cell[]> | Incomplete {
  if (text[at] !== '(') throw new SqlTextError(`a row was expected at "${excerpt(text, at)}"`)
  const cells: Cell[] = []
  let place = at + 1
  for (;;) {
    const begin = skipBlank(text, place)
    const value = readValue({ text, at: begin, ended }, isKept(cells.length))
    if (value === INCOMPLETE) return INCOMPLETE
    cells.push(value.value)
    place = skipBlank(text, value.end)
    if (place === text.length) return INCOMPLETE
    if (text[place] === ')') return { value: cells, end: place + 1 }
    if (text[place] !== ',') throw new SqlTextError(`a row breaks off at "${excerpt(text, place)}"`)
    place += 1
  }
}

function readValue(window: Window, kept: boolean): Piece<Cell> | Incomplete {
  const { text, at } = window
  const first = text[at]
  if (first === undefined) return INCOMPLETE
  if (first === "'" || first === '"') return readText(window, kept)
  // What stands in no quotes may go on in the text that follows.
  if (at + matchAt(UNQUOTED, text, at)!.length === text.length && !window.ended) return INCOMPLETE
  const hex = matchAt(HEX, text, at)
  if (hex !== null) return { value: textOfHex(hex.slice(2)), end: at + hex.length }
  const number = matchAt(NUMBER, text, at)
  if (number !== null) return { value: number, end: at + number.length }
  const word = matchAt(WORD, text, at)
  if (word === null) throw new SqlTextError(`a value was expected at "${excerpt(text, at)}"`)
  return readWord(window, word, kept)
}

function readText(window: Window, kept: boolean): Piece<string> | Incomplete {
  const end = endOfQuoted(window)
  if (end === INCOMPLETE) return INCOMPLETE
  return { value: kept ? unquoted(window.text.slice(window.at, end)) : '', end }
}

/** NULL, TRUE, `_utf8mb4'…'`, `X'4D'`, `b'101'`; of a function such as now() the value is not known here. */
function readWord(window: Window, word: string, kept: boolean): Piece<Cell> | Incomplete {
  const { text, at, ended } = window
  const next = skipBlank(text, at + word.length)
  if (next === text.length && !ended) return INCOMPLETE
  if (text[next] === '(') return readCall({ text, at: next, ended })
  if (text[next] === "'" || text[next] === '"') {
    const quoted = readText({ text, at: next, ended }, kept)
    if (quoted === INCOMPLETE) return INCOMPLETE
    return { value: introduced(word.toLowerCase(), quoted.value), end: quoted.end }
  }
  // `_binary 0x4D`, as --hex-blob writes.
  if (word.startsWith('_')) return readValue({ text, at: next, ended }, kept)
  const value = /^true$/i.test(word) ? '1' : /^false$/i.test(word) ? '0' : null
  return { value, end: at + word.length }
}

function introduced(word: string, text: string): string {
  if (word === 'x') return textOfHex(text)
  if (word === 'b') return String(BigInt(`0b${text || '0'}`))
  return text
}

function readCall({ text, at, ended }: Window): Piece<null> | Incomplete {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === "'" || text[i] === '"' || text[i] === '`') {
      const end = endOfQuoted({ text, at: i, ended })
      if (end === INCOMPLETE) return INCOMPLETE
      i = end - 1
    } else if (text[i] === '(') depth += 1
    else if (text[i] === ')') depth -= 1
    if (depth === 0) return { value: null, end: i + 1 }
  }
  return INCOMPLETE
}

const textOfHex = (digits: string) => Buffer.from(digits, 'hex').toString('utf8')

/** Past a comment at `at`; `at` itself where there is none. */
export function endOfComment({ text, at, ended }: Window): number | Incomplete {
  const long = text.startsWith('/*', at)
  const line = text[at] === '#' || /^--(\s|$)/.test(text.slice(at, at + 3))
  if (!ended && text.length - at < 3) return INCOMPLETE
  if (!long && !line) return at
  const end = long ? text.indexOf('*/', at + 2) : text.indexOf('\n', at)
  if (end >= 0) return end + (long ? 2 : 1)
  return ended ? text.length : INCOMPLETE
}

export const excerpt = (text: string, at: number) => text.slice(at, at + 40).replaceAll(/\s+/g, ' ')
