import { createHash, type Hash } from 'node:crypto'

// A dump is one gzip stream of lines. `zcat` shows it:
//
//   carillon dump 1
//   {"schema":[{"name":"0001_…","checksum":"…"}],"server":"18.4","createdAt":"…"}
//   partition {"schema":"public","name":"run_20600","parentName":"run","bound":"FOR VALUES …",…}
//   table {"schema":"public","name":"task","columns":["id","code"]}
//   1<tab>report          rows as COPY writes them, in which a line `\.` cannot occur
//   \.
//   end {"rows":1,"sha256":"…"}
//   sequence {"schema":"public","name":"task_id_seq","last":"1","called":true}
//   finish {"tables":1,"rows":1}

export const formatLine = 'carillon dump 1'

export interface Header {
  schema: { name: string; checksum: string }[]
  server: string
  createdAt: string
}

export const recordKinds = ['partition', 'table', 'end', 'sequence', 'finish'] as const
export type RecordKind = (typeof recordKinds)[number]

export interface DumpRecord {
  kind: RecordKind
  body: unknown
}

export interface Sums {
  rows: number
  sha256: string
}

/** The session settings under which values turn into text and back without loss, whatever the server's own are. */
export const sessionSettings = `
  SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmloption = 'content'; SET row_security = off;
  SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`

export const endOfRows = Buffer.from('\\.\n')
const newline = 10

export function encode(kind: RecordKind, body: unknown): Buffer {
  return Buffer.from(`${kind} ${JSON.stringify(body)}\n`)
}

/** Counts and sums the rows that pass by. */
export class RowMeter {
  rows = 0
  readonly #hash: Hash = createHash('sha256')

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) this.rows += 1
  }

  sums(): Sums {
    return { rows: this.rows, sha256: this.#hash.digest('hex') }
  }
}

/** Takes a dump apart as it streams in. */
export class DumpReader {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next line without its end. Throws if the dump ends here. */
  async line(): Promise<string> {
    for (let from = 0; ;) {
      const end = this.#held.indexOf(newline, from)
      if (end >= 0) {
        const line = this.#held.toString('utf8', 0, end)
        this.#held = this.#held.subarray(end + 1)
        return line
      }
      from = this.#held.length
      await this.#more()
    }
  }

  async record(): Promise<DumpRecord> {
    const line = await this.line()
    const space = line.indexOf(' ')
    const kind = recordKinds.find((known) => known === line.slice(0, space))
    if (kind === undefined) throw new Error(`The dump is damaged: "${line.slice(0, 40)}" stands where a record should.`)
    return { kind, body: JSON.parse(line.slice(space + 1)) }
  }

  /** The rows of the table whose record was just read, whole lines at a time, up to the end mark. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      // What is held always begins at the start of a line.
      const mark = this.#held.subarray(0, 3).equals(endOfRows) ? 0 : this.#held.indexOf('\n\\.\n') + 1
      const isEnd = mark > 0 || this.#held.subarray(0, 3).equals(endOfRows)
      const cut = isEnd ? mark : this.#held.lastIndexOf(newline) + 1
      if (cut > 0) yield this.#held.subarray(0, cut)
      this.#held = this.#held.subarray(isEnd ? cut + endOfRows.length : cut)
      if (isEnd) return
      await this.#more()
    }
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next()
    if (done === true) throw new Error('The dump is cut short: it ends before its last record.')
    this.#held = Buffer.concat([this.#held, value])
  }
}
