import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** The text of a dump: as it is or gzipped, in UTF-8, or in UTF-16 as PowerShell writes what it redirects. */
export async function* textsOf(path: string): AsyncGenerator<string> {
  const first = await firstBytes(path)
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const gzipped = first[0] === 0x1f && first[1] === 0x8b
  const bytes = gzipped ? pipeline(file, createGunzip(), () => undefined) : file
  const decoder = new TextDecoder(first[0] === 0xff && first[1] === 0xfe ? 'utf-16le' : 'utf-8')
  for await (const chunk of bytes) yield decoder.decode(chunk as Buffer, { stream: true })
  yield decoder.decode()
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
