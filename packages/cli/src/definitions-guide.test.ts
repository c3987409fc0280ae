import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './testing/run.ts'
import { ROOT } from './testing/started.ts'

// docs/guides/definitions-as-code.md tells one story; here it is followed block by block, as a reader does.

const BLOCK = /^```(\S+)(?: (\w+)=(\S+))?\n(.*?)^```$/gms
const guide = readFileSync(join(ROOT, 'docs/guides/definitions-as-code.md'), 'utf8')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

/** Lines of `before → after`. */
function edit(file: string, changes: string): void {
  const edited = changes
    .trim()
    .split('\n')
    .reduce(
      (text, change) => {
        const [before, after] = change.split(' → ') as [string, string]
        expect(text).toContain(before)
        return text.replace(before, after)
      },
      readFileSync(join(folder, file), 'utf8'),
    )
  write(file, edited)
}

/** Runs each `$ npx carillon …`; answers the block as it should stand there. */
async function follow(console: string): Promise<string> {
  const lines: string[] = []
  for (const [line, command] of console.matchAll(/^\$ npx carillon (.+)$/gm)) {
    const args = command!.split(' ').map((word) => (word === 'orders' ? join(folder, word) : word))
    const { out, err } = await run(args)
    lines.push(`${line}\n`, out, err)
  }
  return lines.join('')
}

test('whoever follows the guide sees what it says', async () => {
  const blocks = [...guide.matchAll(BLOCK)]
  expect(blocks.filter(([, language]) => language === 'console')).toHaveLength(3)
  for (const [, language, action, file, text] of blocks) {
    if (action === 'file') write(file!, text!)
    if (action === 'edit') edit(file!, text!)
    if (language === 'console') expect(await follow(text!)).toBe(text)
  }
})
