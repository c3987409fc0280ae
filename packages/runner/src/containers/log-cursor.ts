/** RFC 3339 with at most nine decimals, as Docker and Kubernetes put it before each line, and the blank behind it. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?/

export interface StampedLine {
  /** Nine decimals, so that texts compare as the instants do; null where the line has none: it goes on with the one before. */
  readonly at: string | null
  readonly text: string
}

export function readStamp(line: string): StampedLine {
  const [whole, seconds, decimals = '', zone] = STAMP.exec(line) ?? []
  if (whole === undefined) return { at: null, text: line }
  return { at: `${seconds}.${decimals.padEnd(9, '0')}${zone}`, text: line.slice(whole.length) }
}

/**
 * Where one has come in a log, so that it goes on there when the stream broke off: asked again from that instant, it brings lines that are
 * known already.
 */
export class LogCursor {
  /** The instant of the last line. */
  last = ''
  #atLast = 0
  #known = 0
  #catchesUp = false

  /** The stream begins anew. */
  resume(): void {
    this.#catchesUp = this.last !== ''
    this.#known = this.#atLast
  }

  isNew(at: string): boolean {
    if (this.#catchesUp) {
      if (at < this.last) return false
      if (at === this.last && this.#known > 0) {
        this.#known -= 1
        return false
      }
      this.#catchesUp = false
    }
    this.#atLast = at === this.last ? this.#atLast + 1 : 1
    this.last = at
    return true
  }
}
