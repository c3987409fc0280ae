import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, sharedEnv } from './testing/run.ts'
import { ROOT } from './testing/started.ts'
import { sharedClient } from './testing/tasks.ts'

// docs/guides/import-xxl-job.md tells one story; here it is followed block by block, as a reader does, in a tenant of its own.

const BLOCK = /^```(\w+)(?: file=(\S+))?\n(.*?)^```$/gms
const guide = readFileSync(join(ROOT, 'docs/guides/import-xxl-job.md'), 'utf8')
const TENANT = `import-guide-${process.pid}`

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'))
  await sharedClient().tenants.create({ body: { code: TENANT } })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs each `$ npx carillon …`; answers the block as it should stand there. */
async function follow(console: string): Promise<string> {
  const lines: string[] = []
  for (const [line, command] of console.matchAll(/^\$ npx carillon (.+)$/gm)) {
    const args = command!.split(' ').map((word) => (word.endsWith('.sql') ? join(folder, word) : word))
    const { out, err } = await run(args, { ...sharedEnv(), CARILLON_TENANT: TENANT })
    lines.push(`${line}\n`, out, err)
  }
  return lines.join('')
}

test('whoever follows the guide sees what it says', async () => {
  const blocks = [...guide.matchAll(BLOCK)]
  expect(blocks.filter(([, language]) => language === 'console')).toHaveLength(3)
  for (const [, language, file, text] of blocks) {
    if (file !== undefined) writeFileSync(join(folder, file), text!)
    if (language === 'console') expect(await follow(text!)).toBe(text)
  }
})
