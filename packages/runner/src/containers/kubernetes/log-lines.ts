import { StringDecoder } from 'node:string_decoder'
import { LineSplitter } from '../../line-splitter.ts'
import type { LogReader } from '../follow-log.ts'
import { LogCursor, readStamp } from '../log-cursor.ts'

/** Reads a pod's log: lines, each behind its time stamp. */
export class LogLines implements LogReader {
  readonly #onLine: (line: string) => void
  readonly #cursor = new LogCursor()
  #decoder = new StringDecoder('utf8')
  #lines = this.#splitter()

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  write(chunk: Buffer): void {
    this.#lines.write(this.#decoder.write(chunk))
  }

  /** Kubernetes knows whole seconds alone. A line that was broken off comes again. */
  resume(): string | undefined {
    this.#decoder = new StringDecoder('utf8')
    this.#lines = this.#splitter()
    this.#cursor.resume()
    const { last } = this.#cursor
    return last === '' ? undefined : `${new Date(last).toISOString().slice(0, 19)}Z`
  }

  end(): void {
    this.#lines.write(this.#decoder.end())
    this.#lines.end()
  }

  #splitter(): LineSplitter {
    let isKnown = false
    return new LineSplitter((line) => {
      const { at, text } = readStamp(line)
      // Without a stamp it is the rest of a very long line.
      if (at !== null) isKnown = !this.#cursor.isNew(at)
      if (!isKnown && text !== '') this.#onLine(text)
    })
  }
}
