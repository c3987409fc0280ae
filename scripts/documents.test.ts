import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createProgram } from '../packages/cli/src/program.ts'
import { recorder } from '../packages/cli/src/testing/run.ts'
import { commandReference, errorTable, exitCodeTable, stateDiagram, withRegion } from './documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = createProgram({ terminal: recorder().terminal, env: {} })

test.each([
  ['docs/concepts/life-of-a-run.md', { 'instance-states': stateDiagram('instance'), 'run-states': stateDiagram('run') }],
  ['docs/reference/errors.md', { errors: errorTable() }],
  ['docs/guides/cli.md', { 'exit-codes': exitCodeTable(), commands: commandReference(program) }],
])('%s shows what the code says', async (path, regions) => {
  const file = join(root, path)
  const upToDate = Object.entries<string>(regions).reduce(
    (text, [name, content]) => withRegion(text, name, content),
    readFileSync(file, 'utf8'),
  )
  await expect(upToDate).toMatchFileSnapshot(file)
})

test('a region that is missing is named', () => {
  expect(() => withRegion('# Title', 'errors', 'x')).toThrow('no region errors')
})
