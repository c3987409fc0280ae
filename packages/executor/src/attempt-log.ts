import type { Holding, LogLevel, LogLine, LogSource } from '@carillon/contract'

type Unsent = Omit<LogLine, 'seq'> & { readonly level: LogLevel; readonly source: LogSource }

/** What an object and a line's other fields weigh beside its text. */
const LINE_OVERHEAD = 100

export const sizeOf = (line: { readonly text: string }): number => 2 * line.text.length + LINE_OVERHEAD

/**
 * The log lines of one attempt that the server has not acknowledged.
 *
 * A line gets its number when it is first sent, not when it is written: a line that was dropped for want of memory then leaves no hole that
 * the server would wait for. Once numbered, a line is kept and sent under that number until it is acknowledged.
 */
export class AttemptLog {
  readonly holding: Holding
  #sent: LogLine[] = []
  #unsent: Unsent[] = []
  #nextSeq = 1
  #dropped = 0
  /** The server keeps no more lines of this attempt. */
  #closed = false
  bytes = 0
  /** Called once when nothing is left to send, or when the wait for it is over. */
  drained: (() => void) | null = null

  constructor(holding: Holding) {
    this.holding = holding
  }

  get empty(): boolean {
    return this.#sent.length === 0 && this.#unsent.length === 0 && this.#dropped === 0
  }

  get closed(): boolean {
    return this.#closed
  }

  add(line: Unsent): void {
    this.#unsent.push(line)
    this.bytes += sizeOf(line)
  }

  drop(): void {
    this.#dropped += 1
  }

  /** Makes room: returns the bytes that the unsent DEBUG lines took. */
  dropDebug(): number {
    const kept = this.#unsent.filter(({ level }) => level !== 'DEBUG')
    const freed = this.#unsent.reduce((sum, line) => (line.level === 'DEBUG' ? sum + sizeOf(line) : sum), 0)
    this.#dropped += this.#unsent.length - kept.length
    this.#unsent = kept
    this.bytes -= freed
    return freed
  }

  /** The next lines to send: those that were sent without an acknowledgement first. */
  take(maxLines: number, maxBytes: number): readonly LogLine[] {
    if (this.#sent.length > 0) return this.#sent.slice(0, maxLines)
    let bytes = 0
    let count = 0
    for (const line of this.#unsent) {
      if (count === maxLines || (count > 0 && bytes + sizeOf(line) > maxBytes)) break
      bytes += sizeOf(line)
      count += 1
    }
    for (const line of this.#unsent.splice(0, count)) this.#sent.push({ seq: this.#nextSeq++, ...line })
    if (this.#unsent.length === 0 && this.#dropped > 0 && count < maxLines) this.#markDropped()
    return this.#sent.slice()
  }

  #markDropped(): void {
    const text = `… ${this.#dropped} lines dropped: more was logged than could be sent`
    const mark: LogLine = { seq: this.#nextSeq++, at: Date.now(), level: 'WARN', source: 'system', text }
    this.#sent.push(mark)
    this.bytes += sizeOf(mark)
    this.#dropped = 0
  }

  /** Forgets what the server has stored; returns the bytes that became free. */
  acknowledge(ackSeq: number): number {
    const before = this.bytes
    const kept = this.#sent.filter(({ seq }) => seq > ackSeq)
    for (const line of this.#sent) if (line.seq <= ackSeq) this.bytes -= sizeOf(line)
    this.#sent = kept
    return before - this.bytes
  }

  /** Puts a note in the place of a line that the server cannot take. */
  replace(seq: number, text: string): number {
    const before = this.bytes
    this.#sent = this.#sent.map((line) => (line.seq === seq ? { ...line, source: 'system', text } : line))
    this.bytes = [...this.#sent, ...this.#unsent].reduce((sum, line) => sum + sizeOf(line), 0)
    return before - this.bytes
  }

  /** Nothing of it is sent any more. */
  close(): number {
    const freed = this.bytes
    this.#closed = true
    this.#sent = []
    this.#unsent = []
    this.#dropped = 0
    this.bytes = 0
    return freed
  }

  settle(): void {
    const drained = this.drained
    this.drained = null
    drained?.()
  }
}
