import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, sharedEnv } from './testing/run.ts'
import { sharedClient } from './testing/tasks.ts'
import { ROOT } from './testing/started.ts'

// The commands under "Store and use one" in docs/guides/secrets.md, run as they stand there.

const guide = readFileSync(join(ROOT, 'docs/guides/secrets.md'), 'utf8')
const [, block] = /^## Store and use one\n+```sh\n(.*?)^```$/ms.exec(guide)!

const env = () => ({ ...sharedEnv(), CARILLON_TENANT: 'secrets-guide' })

let folder: string
beforeAll(async () => {
  await sharedClient().tenants.create({ body: { code: 'secrets-guide' } })
  await sharedClient('secrets-guide').apps.create({ body: { code: 'billing' } })
  folder = mkdtempSync(join(tmpdir(), 'carillon-guide-'))
  writeFileSync(join(folder, 'key.txt'), 'canary-guide-1\n')
  writeFileSync(join(folder, 'new-key.txt'), 'canary-guide-2\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `npx carillon … < file  # remark`, as the shell would run it. */
function follow(line: string): ReturnType<typeof run> {
  const [, words, file] = /^npx carillon ([^<#]+?)(?: < (\S+))?(?:\s+#.*)?$/.exec(line)!
  return run(words!.split(' '), env(), file === undefined ? '' : readFileSync(join(folder, file), 'utf8'))
}

test('whoever follows the guide to secrets stores one, limits one, rotates and deletes it', async () => {
  const lines = block!.trim().split('\n')
  const verbs = lines.map((line) => line.split(' ')[3])
  expect(verbs).toEqual(['create', 'create', 'list', 'rotate', 'delete'])
  for (const [place, line] of lines.entries()) {
    // The second shows another way to store the same.
    if (place === 1) await run(['secrets', 'delete', 'orders-key'], env())
    const { code, out, err } = await follow(line)
    expect({ line, code, err }).toEqual({ line, code: 0, err: '' })
    expect(out).not.toContain('canary')
    if (verbs[place] === 'list') {
      expect(out).toMatch(/orders-key +number 1 +billing, admin, nightly-orders/)
      const [secret] = JSON.parse((await run(['secrets', 'list', '--json'], env())).out) as { usableBy: object }[]
      expect(secret!.usableBy).toEqual({ apps: ['billing'], tasks: ['nightly-orders'], roles: ['admin'] })
    }
    if (verbs[place] === 'rotate') expect(out).toContain('value number 2')
  }
  expect((await run(['secrets', 'list'], env())).out).not.toContain('orders-key')
})
