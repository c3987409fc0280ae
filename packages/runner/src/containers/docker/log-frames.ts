import { StringDecoder } from 'node:string_decoder'
import { LineSplitter } from '../../line-splitter.ts'
import { LogCursor, readStamp } from '../log-cursor.ts'

type Source = 'stdout' | 'stderr'

const HEADER = 8
/** With time stamps: 30 characters and a blank, or fewer. */
const STAMP_BYTES = 64

/**
 * Reads a container's log as Docker sends it: frames of a header (which stream, how many bytes) and a piece of a line behind its time stamp.
 * Made anew for no stream: when one breaks off, `resume` says from where to ask, and what comes again is left out.
 */
export class LogFrames {
  readonly #streams: Readonly<Record<Source, Stream>>
  #rest: Buffer = Buffer.alloc(0)

  constructor(onLine: (source: Source, line: string) => void) {
    this.#streams = { stdout: new Stream((line) => onLine('stdout', line)), stderr: new Stream((line) => onLine('stderr', line)) }
  }

  write(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const length = bytes.length < HEADER ? Infinity : HEADER + bytes.readUInt32BE(4)
      if (bytes.length < length) break
      this.#streams[bytes[0] === 2 ? 'stderr' : 'stdout'].write(bytes.subarray(HEADER, length))
      bytes = bytes.subarray(length)
    }
    this.#rest = bytes
  }

  /** Begins anew; answers since when to ask, in seconds: a little earlier, for the two streams keep no order between them. */
  resume(): string | undefined {
    this.#rest = Buffer.alloc(0)
    const streams = Object.values(this.#streams)
    for (const { cursor } of streams) cursor.resume()
    const [first] = streams
      .map(({ cursor }) => cursor.last)
      .filter((last) => last !== '')
      .sort()
    return first === undefined ? undefined : String(Math.floor(Date.parse(first) / 1000) - 1)
  }

  end(): void {
    for (const stream of Object.values(this.#streams)) stream.end()
  }
}

class Stream {
  readonly cursor = new LogCursor()
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: LineSplitter

  constructor(onLine: (line: string) => void) {
    this.#lines = new LineSplitter(onLine)
  }

  write(frame: Buffer): void {
    const { at, text } = readStamp(frame.toString('latin1', 0, STAMP_BYTES))
    if (at !== null && !this.cursor.isNew(at)) return
    const stamp = at === null ? 0 : Math.min(frame.length, STAMP_BYTES) - text.length
    this.#lines.write(this.#decoder.write(frame.subarray(stamp)))
  }

  end(): void {
    this.#lines.write(this.#decoder.end())
    this.#lines.end()
  }
}
