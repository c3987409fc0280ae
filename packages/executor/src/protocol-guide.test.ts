import * as contract from '@carillon/contract'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { startServer } from './executor.test-helper.ts'
import { TOKEN } from './protocol-server.test-helper.ts'

const { executorRoutes } = contract
const file = join(dirname(fileURLToPath(import.meta.url)), '../../../docs/guides/executors-in-any-language.md')
const guide = await readFile(file, 'utf8')

const schemas: Record<string, TSchema> = {
  'call=invoke': contract.Invoke,
  'answer=invoke': contract.InvokeAnswer,
  'call=cancel': contract.Cancel,
}
for (const [name, { body, responses }] of Object.entries(executorRoutes)) {
  schemas[`call=${name}`] = body
  schemas[`answer=${name}`] = responses[200]
}
const examples = [...guide.matchAll(/^```json (\S+)\n(.*?)^```$/gms)].map(([, title, text]) => [title!, text!] as const)

describe('The guide to executors in any language', () => {
  it('shows every call and answer of the protocol', () => {
    expect(examples.map(([title]) => title).sort()).toEqual(Object.keys(schemas).sort())
  })

  it.each(examples)('shows a valid %s', (title, text) => {
    expect(Compile(schemas[title]!).Errors(JSON.parse(text))).toEqual([])
  })

  const python = spawnSync('python3', ['--version']).status === 0
  it.skipIf(!python)('has a Python executor that runs, also when answers are lost and its session ends', async () => {
    const server = await startServer()
    const [, code] = /^```python file=executor.py\n(.*?)^```$/ms.exec(guide)!
    const child = spawn('python3', ['-c', code!], {
      env: { ...process.env, CARILLON_URL: server.url, CARILLON_TOKEN: TOKEN },
      stdio: 'inherit',
    })
    try {
      server.loseAnswers('claim', 1)
      server.loseAnswers('report', 1)
      const [good, bad] = server.give({ handler: 'add', params: { a: 1, b: 2 } }, { handler: 'nope' })
      await server.untilEnded(good!, bad!)
      expect(server.end(good!)).toMatchObject({ kind: 'SUCCESS', output: { sum: 3 } })
      expect(server.end(bad!)).toMatchObject({ kind: 'FAILURE', error: { code: 'KeyError' } })
      server.endSession()
      const [next] = server.give({ handler: 'add', params: { a: 2, b: 2 } })
      await server.untilEnded(next!)
      expect(server.registrations).toHaveLength(2)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })
})
