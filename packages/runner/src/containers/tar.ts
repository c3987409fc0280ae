/** As much of tar as it takes to hand a file to a container, and to take one out of it. */

export interface TarEntry {
  readonly name: string
  readonly mode: number
  /** Left out: a folder. */
  readonly content?: string
}

const BLOCK = 512

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)])
}

function blocksOf({ name, mode, content }: TarEntry): Buffer[] {
  const bytes = Buffer.from(content ?? '')
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100)
  header.write(octal(mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(bytes.length, 11), 124)
  header.write(octal(0, 11), 136)
  header.write('        ', 148)
  header.write(content === undefined ? '5' : '0', 156)
  header.write('ustar\0' + '00', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]
}

const octal = (value: number, width: number) => value.toString(8).padStart(width, '0')

/** The first entry of an archive: null where it is no ordinary file, or not whole. */
export function firstFile(archive: Buffer): Buffer | null {
  let at = 0
  // Extended headers (pax, GNU) come before the entry that they speak of.
  while (archive.length >= at + BLOCK && 'xgLK'.includes(typeAt(archive, at))) at += BLOCK + padded(sizeAt(archive, at))
  if (archive.length < at + BLOCK || !'0\0'.includes(typeAt(archive, at))) return null
  const size = sizeAt(archive, at)
  return archive.length < at + BLOCK + size ? null : archive.subarray(at + BLOCK, at + BLOCK + size)
}

const typeAt = (archive: Buffer, at: number) => archive.toString('latin1', at + 156, at + 157)
const sizeAt = (archive: Buffer, at: number) => Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8) || 0
const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK
