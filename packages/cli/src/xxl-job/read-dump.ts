import {
  endOfComment,
  endOfQuoted,
  excerpt,
  INCOMPLETE,
  matchAt,
  readName,
  readNames,
  readRow,
  skipBlank,
  SqlTextError,
  type Cell,
  type Incomplete,
  type Piece,
  type Window,
} from './sql-text.ts'

/** What a database says of itself, table by table, wherever it is read from. */
export type TableEvent =
  | {
      readonly kind: 'TABLE'
      readonly table: string
      readonly columns: readonly string[]
      /** The number that the next row would get. */
      readonly autoIncrement: string | null
    }
  | { readonly kind: 'ROW'; readonly table: string; readonly row: ReadonlyMap<string, Cell> }

/** Of a table the columns that are wanted; undefined: none of the table. */
export type Wanted = (table: string) => ReadonlySet<string> | undefined

/**
 * The rows of a `mysqldump`, or of anything that writes INSERT statements as it does, in the order in which they stand there. Names of
 * tables and columns are in lower case. Holds no more of the text than one row, so a dump may be larger than memory.
 */
export async function* readDump(texts: AsyncIterable<string> | Iterable<string>, wanted: Wanted): AsyncGenerator<TableEvent> {
  const source = new Source(texts)
  const columnsOf = new Map<string, readonly string[]>()
  let delimiter = ';'
  let whole: 'UNKNOWN' | 'BEGUN' | 'DONE' = 'UNKNOWN'
  for (;;) {
    const head = await source.take((window) => readHead(window))
    switch (head.kind) {
      case 'END':
        if (whole === 'BEGUN')
          throw new SqlTextError('it breaks off: the line "Dump completed", which mysqldump writes last, is missing')
        return
      case 'COMMENT':
        if (/^-- (MySQL|MariaDB) dump/.test(head.text)) whole = 'BEGUN'
        if (/^-- Dump completed/.test(head.text)) whole = 'DONE'
        assertReadable(head.text)
        break
      case 'DELIMITER':
        delimiter = head.delimiter
        break
      case 'CREATE': {
        columnsOf.set(head.table, head.columns)
        yield { kind: 'TABLE', table: head.table, columns: head.columns, autoIncrement: head.autoIncrement }
        break
      }
      case 'INSERT': {
        const columns = wanted(head.table)
        if (columns) {
          const known = columnsOf.get(head.table)
          const names = head.columns ?? known
          if (!names)
            throw new SqlTextError(
              `it says the rows of ${head.table} without the names of their columns. Dump it with the table, or with --complete-insert`,
            )
          if (!known) {
            columnsOf.set(head.table, names)
            yield { kind: 'TABLE', table: head.table, columns: names, autoIncrement: null }
          }
          yield* readRows(source, head.table, names, columns)
        }
        await skipStatement(source, delimiter)
        break
      }
      case 'OTHER':
        await skipStatement(source, delimiter)
    }
  }
}

async function* readRows(
  source: Source,
  table: string,
  columns: readonly string[],
  wanted: ReadonlySet<string>,
): AsyncGenerator<TableEvent> {
  const isKept = (index: number) => wanted.has(columns[index] ?? '')
  for (let number = 1; ; number++) {
    const cells = await source
      .take((window) => readRow(window, isKept))
      .catch((error: unknown) => {
        throw error instanceof SqlTextError
          ? new SqlTextError(`row ${number} of an INSERT into ${table}: ${error.message}`)
          : error
      })
    if (cells.length !== columns.length)
      throw new SqlTextError(
        `row ${number} of an INSERT into ${table} has ${cells.length} values where ${columns.length} columns are named`,
      )
    yield { kind: 'ROW', table, row: new Map(columns.flatMap((name, index) => (isKept(index) ? [[name, cells[index]!]] : []))) }
    const more = await source.take(({ text, at, ended }): Piece<boolean> | Incomplete => {
      const next = skipBlank(text, at)
      if (next === text.length && !ended) return INCOMPLETE
      return text[next] === ',' ? { value: true, end: skipBlank(text, next + 1) } : { value: false, end: next }
    })
    if (!more) return
    await source.take(({ text, at, ended }) => {
      const next = skipBlank(text, at)
      return next === text.length && !ended ? INCOMPLETE : { value: undefined, end: next }
    })
  }
}

type Head =
  | { readonly kind: 'END' | 'OTHER' }
  | { readonly kind: 'COMMENT'; readonly text: string }
  | { readonly kind: 'DELIMITER'; readonly delimiter: string }
  | {
      readonly kind: 'CREATE'
      readonly table: string
      readonly columns: readonly string[]
      readonly autoIncrement: string | null
    }
  | { readonly kind: 'INSERT'; readonly table: string; readonly columns: readonly string[] | null }

const INSERT = /(?:insert|replace)\s+(?:(?:low_priority|delayed|high_priority|ignore)\s+)*(?:into\s+)?(?=[`"\w])/iy
const CREATE = /create\s+(?:or\s+replace\s+)?(?:temporary\s+)?table\s+(?:if\s+not\s+exists\s+)?/iy
const DELIMITER = /delimiter[ \t]+\S+/iy
const SET_NAMES = /set\s+names\s/iy
const VALUES = /values?(?=[\s(])/iy
/** Longer than what the patterns above can take up before a name. */
const LONGEST_OPENING = 200

/** What stands next between statements: up to the rows of an INSERT, all of a CREATE TABLE, of others nothing. */
function readHead(window: Window): Piece<Head> | Incomplete {
  const { text, ended } = window
  const at = skipBlank(text, window.at)
  if (at === text.length) return ended ? { value: { kind: 'END' }, end: at } : INCOMPLETE
  const comment = endOfComment({ text, at, ended })
  if (comment === INCOMPLETE) return INCOMPLETE
  if (comment > at) return { value: { kind: 'COMMENT', text: text.slice(at, comment) }, end: comment }
  if (text.length - at < LONGEST_OPENING && !ended) return INCOMPLETE
  const change = matchAt(DELIMITER, text, at)
  if (change !== null) return { value: { kind: 'DELIMITER', delimiter: change.split(/\s+/)[1]! }, end: at + change.length }
  if (matchAt(SET_NAMES, text, at) !== null) {
    // As a comment, which it is in what mysqldump writes; its end is skipped as an empty statement.
    const end = text.indexOf(';', at)
    return end < 0 ? other(at) : { value: { kind: 'COMMENT', text: text.slice(at, end) }, end }
  }
  const insert = matchAt(INSERT, text, at)
  if (insert !== null) return readInsert({ text, at: at + insert.length, ended }, at)
  const create = matchAt(CREATE, text, at)
  return create === null ? other(at) : readCreate({ text, at: at + create.length, ended })
}

const other = (end: number): Piece<Head> => ({ value: { kind: 'OTHER' }, end })

function readInsert(window: Window, statementAt: number): Piece<Head> | Incomplete {
  const { text, ended } = window
  const name = readName(window)
  if (name === INCOMPLETE) return INCOMPLETE
  let place = skipBlank(text, name.end)
  if (place === text.length) return INCOMPLETE
  const columns = text[place] === '(' ? readNames({ text, at: place, ended }) : null
  if (columns === INCOMPLETE) return INCOMPLETE
  place = skipBlank(text, columns?.end ?? place)
  if (text.length - place < 'values '.length && !ended) return INCOMPLETE
  const values = matchAt(VALUES, text, place)
  // INSERT … SELECT, INSERT … SET: not what a dump says of rows.
  if (values === null) return other(statementAt)
  const begin = skipBlank(text, place + values.length)
  if (begin === text.length && !ended) return INCOMPLETE
  const names = columns?.value.map((column) => column.toLowerCase()) ?? null
  return { value: { kind: 'INSERT', table: name.value.toLowerCase(), columns: names }, end: begin }
}

const NO_COLUMN = /^(primary|key|unique|index|constraint|fulltext|spatial|foreign|check|period)$/i

function readCreate(window: Window): Piece<Head> | Incomplete {
  const name = readName(window)
  if (name === INCOMPLETE) return INCOMPLETE
  const definition = readDefinition({ ...window, at: name.end })
  if (definition === INCOMPLETE) return INCOMPLETE
  return { value: { kind: 'CREATE', table: name.value.toLowerCase(), ...definition.value }, end: definition.end }
}

interface Definition {
  readonly columns: readonly string[]
  readonly autoIncrement: string | null
}

/** Of `(a int, …, key (a)) engine=…;` the columns, which are the first words of the parts between its outer commas, and the options. */
function readDefinition({ text, at, ended }: Window): Piece<Definition> | Incomplete {
  const columns: string[] = []
  let depth = 0
  let optionsAt = at
  for (let i = at; i < text.length; i++) {
    const skipped = endOfQuotedOrComment({ text, at: i, ended })
    if (skipped === INCOMPLETE) return INCOMPLETE
    if (skipped > i) {
      i = skipped - 1
      continue
    }
    const char = text[i]
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (char === ')' && depth === 0) optionsAt = i
    if (char === ';' && depth === 0) {
      const autoIncrement = /\bauto_increment\s*=\s*(\d+)/i.exec(text.slice(optionsAt, i))?.[1] ?? null
      return { value: { columns, autoIncrement }, end: i }
    }
    if (depth === 1 && (char === '(' || char === ',')) {
      const column = columnAt({ text, at: i + 1, ended })
      if (column === INCOMPLETE) return INCOMPLETE
      if (column !== null) columns.push(column)
    }
  }
  return INCOMPLETE
}

function columnAt(window: Window): string | null | Incomplete {
  const { text, ended } = window
  let at = skipBlank(text, window.at)
  for (;;) {
    const comment = endOfComment({ text, at, ended })
    if (comment === INCOMPLETE) return INCOMPLETE
    if (comment === at) break
    at = skipBlank(text, comment)
  }
  if (at >= text.length) return INCOMPLETE
  const quoted = text[at] === '`' || text[at] === '"'
  if (!quoted && !/[A-Za-z_]/.test(text[at]!)) return null
  const name = readName({ text, at, ended })
  if (name === INCOMPLETE) return INCOMPLETE
  return !quoted && NO_COLUMN.test(name.value) ? null : name.value.toLowerCase()
}

function endOfQuotedOrComment(window: Window): number | Incomplete {
  const char = window.text[window.at]
  if (char === "'" || char === '"' || char === '`') return endOfQuoted(window)
  return char === '-' || char === '#' || char === '/' ? endOfComment(window) : window.at
}

/** Past the delimiter, a piece of the text at a time: a statement may be longer than what is held. */
async function skipStatement(source: Source, delimiter: string): Promise<void> {
  const notable = new RegExp(`['"\`#]|--|/\\*|${delimiter.replaceAll(/[^\w]/g, '\\$&')}`, 'g')
  while (!(await source.take((window) => skipSome(window, notable, delimiter))));
}

function skipSome({ text, at, ended }: Window, notable: RegExp, delimiter: string): Piece<boolean> | Incomplete {
  let place = at
  for (;;) {
    notable.lastIndex = place
    const found = notable.exec(text)
    if (!found) {
      if (ended) return { value: true, end: text.length }
      // The beginning of something notable may stand at the end.
      const safe = Math.max(place, text.length - Math.max(delimiter.length, 2))
      return safe > at ? { value: false, end: safe } : INCOMPLETE
    }
    if (found[0] === delimiter) return { value: true, end: found.index + delimiter.length }
    const end = endOfQuotedOrComment({ text, at: found.index, ended })
    if (end === INCOMPLETE) {
      if (ended) return { value: true, end: text.length }
      return found.index > at ? { value: false, end: found.index } : INCOMPLETE
    }
    place = end === found.index ? found.index + found[0].length : end
  }
}

const UTF8 = /^(utf8|utf8mb3|utf8mb4|ascii|binary)$/i

function assertReadable(text: string): void {
  if (/^-- PostgreSQL database dump/.test(text))
    throw new SqlTextError('it is a dump of PostgreSQL; those of MySQL and MariaDB are read')
  const charset = /set\s+names\s+['"]?(\w+)/i.exec(text)?.[1]
  if (charset === undefined || UTF8.test(charset)) return
  throw new SqlTextError(`it is written in ${charset}. Dump with --default-character-set=utf8mb4`)
}

/** The text that has not been read yet, as much of it as the next piece needs. */
class Source {
  readonly #texts: AsyncIterator<string> | Iterator<string>
  #text = ''
  #at = 0
  #ended = false

  constructor(texts: AsyncIterable<string> | Iterable<string>) {
    this.#texts = Symbol.asyncIterator in texts ? texts[Symbol.asyncIterator]() : texts[Symbol.iterator]()
  }

  async take<T>(read: (window: Window) => Piece<T> | Incomplete): Promise<T> {
    for (;;) {
      const piece = read({ text: this.#text, at: this.#at, ended: this.#ended })
      if (piece !== INCOMPLETE) {
        this.#at = piece.end
        return piece.value
      }
      if (this.#ended) throw new SqlTextError(`it breaks off at "${excerpt(this.#text, this.#at)}"`)
      await this.#grow()
    }
  }

  /** To twice as much: a large row is then begun anew a few times, not once for every chunk. */
  async #grow(): Promise<void> {
    const parts = [this.#text.slice(this.#at)]
    const wanted = Math.max(1, parts[0]!.length)
    this.#at = 0
    for (let length = 0; length < wanted;) {
      const { value, done } = await this.#texts.next()
      if (done === true) {
        this.#ended = true
        break
      }
      parts.push(value)
      length += value.length
    }
    this.#text = parts.join('')
  }
}
