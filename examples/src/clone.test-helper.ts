import { execFile, type ExecFileException } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const read = (name: string) => readFileSync(join(root, name), 'utf8')

interface Block {
  readonly language: string
  readonly note: string
  readonly code: string
}

export const blocksOf = (document: string): Block[] =>
  Array.from(document.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm), ([, language, note, code]) => ({
    language: language!,
    note: note!,
    code: code!,
  }))

/** A folder that looks like a clone in which `npm start` runs: what a document says, a reader would type there. */
export interface Clone {
  /** Writes the files that a document shows (`file=…`). */
  write(document: string): void
  bash(script: string): Promise<{ code: number; out: string; err: string }>
  remove(): void
}

/** `npx` finds the command of the clone; the port is another, as 7070 may be taken where tests run. */
export const asTyped = (code: string) =>
  code
    .replaceAll('npx carillon', `node ${root}packages/cli/bin/carillon.js`)
    .replaceAll('http://127.0.0.1:7070', inject('dev').server)

export function makeClone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-readme-'))
  for (const name of ['package.json', 'node_modules', 'packages', 'examples']) symlinkSync(join(root, name), join(folder, name))
  symlinkSync(inject('dev').dataDir, join(folder, '.carillon'))
  return {
    write(document) {
      for (const { note, code } of blocksOf(document)) {
        const file = /^file=(.+)$/.exec(note)?.[1]
        if (file !== undefined) writeFileSync(join(folder, file), asTyped(code))
      }
    },
    bash: (script) =>
      new Promise((resolve) => {
        // Whatever the script started in the background ends with it.
        const whole = `set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`
        execFile(
          'bash',
          ['-c', whole],
          { cwd: folder, env: { ...process.env, NO_COLOR: '1' } },
          (error: ExecFileException | null, out, err) =>
            resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
        )
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
