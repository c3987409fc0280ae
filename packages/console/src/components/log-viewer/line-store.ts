import type { LogRecord } from '@carillon/contract'

/** Lines that one request of the API may answer. */
export const PIECE = 200
const MOST_PIECES = 150

interface Piece {
  readonly lines: Map<number, LogRecord>
  /** Everything up to this number is known. */
  upTo: number
  loading: boolean
  /** It is not asked for again until `again`. */
  failed: boolean
  usedAt: number
}

/**
 * The lines of one attempt, as far as somebody has looked at them: pieces are fetched as they come into sight, and those not looked at for
 * longest are forgotten, so that a log of any length costs the same.
 */
export class LineStore {
  readonly #fetchAfter: (after: number, limit: number) => Promise<readonly LogRecord[]>
  readonly #changed: () => void
  readonly #pieces = new Map<number, Piece>()
  #clock = 0
  #error: unknown = null

  constructor(fetchAfter: (after: number, limit: number) => Promise<readonly LogRecord[]>, changed: () => void) {
    this.#fetchAfter = fetchAfter
    this.#changed = changed
  }

  /** null: it is not known yet. undefined: it is known that there is none. */
  line(seq: number): LogRecord | null | undefined {
    const piece = this.#pieces.get(Math.floor((seq - 1) / PIECE))
    if (!piece || seq > piece.upTo) return null
    return piece.lines.get(seq)
  }

  /** Why lines could not be fetched; null: nothing failed. */
  get error(): unknown {
    return this.#error
  }

  /** What failed is fetched again when it is wanted. */
  again(): void {
    if (this.#error === null) return
    this.#error = null
    for (const piece of this.#pieces.values()) piece.failed = false
    this.#changed()
  }

  /** Fetches what is not known of these lines. `lastSeq`: of the log, as far as it is known. */
  want(from: number, to: number, lastSeq: number): void {
    const end = Math.min(to, lastSeq)
    for (let index = Math.max(0, Math.floor((from - 1) / PIECE)); index * PIECE < end; index++) {
      const piece = this.#piece(index)
      piece.usedAt = ++this.#clock
      if (!piece.loading && !piece.failed && piece.upTo < Math.min((index + 1) * PIECE, lastSeq))
        void this.#load(index, piece, lastSeq)
    }
    this.#forget()
  }

  /**
   * Takes lines that have come without being asked for, in order. A viewer that was held back is sent only the newest: what is all there is
   * are the lines without a gap that end at the last; those before the gap were taken when they came, or are fetched.
   */
  take(lines: readonly LogRecord[]): void {
    const start = startOfLastRun(lines)
    const [first, last] = [lines[start]?.seq, lines.at(-1)?.seq]
    if (first === undefined || last === undefined) return
    for (let place = lines.length - 1; place >= start;) {
      const index = Math.floor((lines[place]!.seq - 1) / PIECE)
      const piece = this.#pieces.get(index) ?? this.#piece(index)
      const [before, end] = [index * PIECE, Math.min((index + 1) * PIECE, last)]
      // Older ones were taken when they came.
      if (piece.upTo >= end) break
      const joins = Math.max(before, piece.upTo) >= first - 1
      for (; place >= start && lines[place]!.seq > before; place--) if (joins) piece.lines.set(lines[place]!.seq, lines[place]!)
      if (joins) piece.upTo = end
      piece.usedAt = ++this.#clock
    }
    this.#forget()
  }

  #piece(index: number): Piece {
    const known = this.#pieces.get(index)
    if (known) return known
    const piece = { lines: new Map<number, LogRecord>(), upTo: index * PIECE, loading: false, failed: false, usedAt: 0 }
    this.#pieces.set(index, piece)
    return piece
  }

  async #load(index: number, piece: Piece, lastSeq: number): Promise<void> {
    const end = (index + 1) * PIECE
    piece.loading = true
    try {
      const lines = await this.#fetchAfter(piece.upTo, end - piece.upTo)
      for (const line of lines) if (line.seq <= end) piece.lines.set(line.seq, line)
      // What has come since the log's end was asked is not all that will come.
      piece.upTo = Math.max(piece.upTo, Math.min(end, lastSeq), Math.min(end, lines.at(-1)?.seq ?? 0))
    } catch (error) {
      piece.failed = true
      this.#error = error
    } finally {
      piece.loading = false
      this.#changed()
    }
  }

  #forget(): void {
    const surplus = this.#pieces.size - MOST_PIECES
    if (surplus <= 0) return
    const oldest = [...this.#pieces].filter(([, { loading }]) => !loading).sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [index] of oldest.slice(0, surplus)) this.#pieces.delete(index)
  }
}

/** The place of the first line from which on none is missing up to the last. */
function startOfLastRun(lines: readonly LogRecord[]): number {
  let place = Math.max(0, lines.length - 1)
  while (place > 0 && lines[place - 1]!.seq === lines[place]!.seq - 1) place--
  return place
}
