import { execFile, type ExecFileException } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(join(root, name), 'utf8')

interface Block {
  readonly language: string
  readonly note: string
  readonly code: string
}

const blocksOf = (document: string): Block[] =>
  Array.from(document.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm), ([, language, note, code]) => ({
    language: language!,
    note: note!,
    code: code!,
  }))

// A folder that looks like a clone in which `npm start` runs: what the README says, a reader would type there.
let clone: string
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'carillon-readme-'))
  for (const name of ['package.json', 'node_modules', 'packages']) symlinkSync(join(root, name), join(clone, name))
  symlinkSync(inject('dev').dataDir, join(clone, '.carillon'))
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

/** `npx` finds the command of the clone; the port is another, as 7070 may be taken where tests run. */
const asTyped = (code: string) =>
  code
    .replaceAll('npx carillon', `node ${root}packages/cli/bin/carillon.js`)
    .replaceAll('http://127.0.0.1:7070', inject('dev').server)

function bash(script: string): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    // Whatever the script started in the background ends with it.
    const whole = `set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n${script}`
    execFile(
      'bash',
      ['-c', whole],
      { cwd: clone, env: { ...process.env, NO_COLOR: '1' } },
      (error: ExecFileException | null, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
    )
  })
}

test('what the README tells to type works, in its order, as it stands there', async () => {
  const blocks = blocksOf(read('README.md'))
  for (const { note, code } of blocks) {
    const file = /^file=(.+)$/.exec(note)?.[1]
    if (file !== undefined) writeFileSync(join(clone, file), asTyped(code))
  }
  const script = blocks.filter(({ language, note }) => language === 'sh' && note === 'run').map(({ code }) => asTyped(code))
  const { code, out, err } = await bash(script.join('\n'))
  expect({ code, err }, out).toMatchObject({ code: 0 })
  expect(out).toMatch(/weather-every-minute +weather-report-seattle/)
  expect(out).toMatch(/Wrote 48 months of Seattle/)
  expect(out).toMatch(/"items":\[\{"id":\d+/)
  expect(out).toMatch(/INFO {2}Hello Ada\n[\s\S]*ended: SUCCESS/)
})

test('both languages show the same code', () => {
  expect(blocksOf(read('README.zh-CN.md'))).toEqual(blocksOf(read('README.md')))
})

test.each(['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])(
  'every file to which %s leads is there',
  (name) => {
    const links = Array.from(read(name).matchAll(/\]\((?!http)([^)#]+)/g), ([, link]) => link!)
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(() => read(link), link).not.toThrow(/ENOENT/)
  },
)
