import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** A file of JSON objects, one a line. A line that was written survives the writer's death by kill -9. */
export interface Lines {
  write(...records: readonly object[]): void
  close(): void
}

export function openLines(path: string, { sync = false }: { readonly sync?: boolean } = {}): Lines {
  const file = openSync(path, 'a')
  return {
    write(...records) {
      if (records.length === 0) return
      // One call for whole lines: with O_APPEND they are never torn apart by another writer.
      writeSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
      if (sync) fsyncSync(file)
    },
    close: () => closeSync(file),
  }
}

/** The records of a file that its writer may have been killed over: a torn last line never happened. */
export function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as T)
}
