import * as contract from '@carillon/contract'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { startServer } from './executor.test-helper.ts'
import { TOKEN, type ProtocolServer } from './protocol-server.test-helper.ts'

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
  const [, code] = /^```python file=executor.py\n(.*?)^```$/ms.exec(guide)!

  /** The executor of the guide, until the work is over. */
  async function withExecutor(server: ProtocolServer, source: string, work: (child: ChildProcess) => Promise<void>) {
    const child = spawn('python3', ['-c', source], {
      env: { ...process.env, CARILLON_URL: server.url, CARILLON_TOKEN: TOKEN },
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    try {
      await work(child)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  }

  it.skipIf(!python)('has a Python executor that runs, also when answers are lost and its session ends', async () => {
    const server = await startServer()
    await withExecutor(server, code!, async () => {
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
    })
  })

  // That the server ends it after its time-out and the grace period: packages/server/src/lifecycle/fencing.test.ts.
  it.skipIf(!python)(
    'has one whose instance is RUNNING while it works, and that goes on with the next when it was ended',
    async () => {
      const server = await startServer()
      const slow = code!.replace('HANDLERS = {', 'HANDLERS = {"slow": lambda params: input(), ')
      await withExecutor(server, slow, async (child) => {
        const [late, next] = server.give({ handler: 'slow', timeoutMs: 5 }, { handler: 'add', params: { a: 1, b: 1 } })
        await server.until(() => server.row(late!).started)
        expect(server.end(late!)).toBeNull()
        server.takeAway(late!)
        child.stdin!.write('\n')
        await server.untilEnded(next!)
        expect(server.end(late!)).toBeNull()
        expect(server.callsOf('report').flatMap(({ items }) => items.map(({ kind }: { kind: string }) => kind))).toEqual([
          'STARTED',
          'SUCCESS',
          'STARTED',
          'SUCCESS',
        ])
      })
    },
  )
})
