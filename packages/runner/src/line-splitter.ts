/** A text without line ends must not fill the memory: it is cut into lines of so many characters. */
const LONGEST = 16_384

/** Makes lines of chunks. Empty lines are dropped. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  write(chunk: string): void {
    const lines = (this.#rest + chunk).split(/\r?\n/)
    this.#rest = lines.pop()!
    for (const line of lines) this.#tell(line)
    while (this.#rest.length > LONGEST) {
      this.#onLine(this.#rest.slice(0, LONGEST))
      this.#rest = this.#rest.slice(LONGEST)
    }
  }

  end(): void {
    this.#tell(this.#rest)
    this.#rest = ''
  }

  #tell(line: string): void {
    if (line !== '') this.#onLine(line)
  }
}
