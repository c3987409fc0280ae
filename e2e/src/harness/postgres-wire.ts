/** What a client says to PostgreSQL, as far as faults care about it. */
export type Said =
  | { readonly kind: 'BEGIN' }
  | { readonly kind: 'COMMIT' }
  /** A prepared statement is executed. */
  | { readonly kind: 'BIND'; readonly statement: string }
  | { readonly kind: 'OTHER' }

export interface Message {
  readonly said: Said
  readonly bytes: Buffer
}

const other: Said = { kind: 'OTHER' }

/** Cuts a client's half of a connection into messages. The first one has no type byte: it opens the connection. */
export class ClientMessages {
  #rest: Buffer = Buffer.alloc(0)
  #opened = false

  read(chunk: Buffer): Message[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Message[] = []
    for (;;) {
      const header = this.#opened ? 1 : 0
      if (this.#rest.length < header + 4) return messages
      const end = header + this.#rest.readInt32BE(header)
      if (this.#rest.length < end) return messages
      const bytes = this.#rest.subarray(0, end)
      this.#rest = this.#rest.subarray(end)
      messages.push({ said: this.#opened ? meaningOf(bytes) : other, bytes })
      this.#opened = true
    }
  }
}

function meaningOf(bytes: Buffer): Said {
  switch (String.fromCharCode(bytes[0]!)) {
    case 'Q': {
      const query = text(bytes, 5)
      return query === 'BEGIN' || query === 'COMMIT' ? { kind: query } : other
    }
    case 'B': {
      const portal = text(bytes, 5)
      return { kind: 'BIND', statement: text(bytes, 5 + Buffer.byteLength(portal) + 1) }
    }
    default:
      return other
  }
}

/** Up to the closing zero. */
function text(bytes: Buffer, from: number): string {
  return bytes.toString('utf8', from, bytes.indexOf(0, from))
}
