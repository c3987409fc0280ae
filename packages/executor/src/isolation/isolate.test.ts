import { build } from 'esbuild'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineHandler, type Handler } from '../define-handler.ts'
import { InstanceStopped, type StopReason } from '../stop-reason.ts'
import { runHandler, type TestInstance } from '../testing/index.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
let folder: string
let handlers: ReadonlyMap<string, Handler>

// A thread knows no TypeScript, so the module is compiled, and what starts and runs its handlers with it, as a package is.
beforeAll(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  folder = await mkdtemp(join(root, 'node_modules/.cache/isolation-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const guide = await readFile(join(root, 'docs/guides/typescript-sdk.md'), 'utf8')
  await writeFile(join(folder, 'primes.ts'), /^```ts file=primes\.ts\n(.*?)^```$/ms.exec(guide)![1]!)
  const source = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  await build({
    entryPoints: {
      primes: join(folder, 'primes.ts'),
      handlers: source('./handlers.test-helper.ts'),
      entry: source('./entry.ts'),
    },
    ...{
      outdir: folder,
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      conditions: ['source'],
    },
    // Packages are loaded as they are; ours come as TypeScript.
    external: ['undici', 'typebox', 'typebox/*', 'yaml'],
  })
  const { all } = (await import(pathToFileURL(join(folder, 'handlers.js')).href)) as { all: () => Handler[] }
  const { primes } = (await import(pathToFileURL(join(folder, 'primes.js')).href)) as { primes: Handler }
  handlers = new Map([...all(), primes].map((handler) => [handler.name, handler]))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = (name: string, instance: TestInstance = {}) => runHandler(handlers.get(name)!, instance)

/** Stops it as soon as it has said something. */
async function stopWhenItSpeaks(name: string, reason: StopReason) {
  const stop = new AbortController()
  const handler = handlers.get(name)!
  const spying: Handler = {
    ...handler,
    run: (context) =>
      handler.run(
        new Proxy(context, {
          get: (target, key): unknown =>
            key === 'log'
              ? {
                  write: (...line: Parameters<typeof context.log.write>) => {
                    target.log.write(...line)
                    stop.abort(new InstanceStopped(reason))
                  },
                }
              : Reflect.get(target, key),
        }),
      ),
  }
  return runHandler(spying, { signal: stop.signal })
}

describe.each(['thread', 'process'] as const)('SDK-1 a handler in a %s of its own', (isolate) => {
  it('is given what any is given, and what it says and answers arrives', async () => {
    const instance = { params: { a: [1] }, settings: { b: 2 }, attempt: 3, idempotencyKey: '1-7', timeoutMs: 60_000 }
    const { output, logs, progress } = await run(`echo-${isolate}`, instance)
    expect(output).toEqual({
      ...{ params: { a: [1] }, settings: { b: 2 }, attempt: 3, idempotencyKey: '1-7', isFuture: true },
      ...{ pid: expect.any(Number), at: '1970-01-01T00:00:00.000Z' },
    })
    const { pid } = output as { pid: number }
    expect(pid === process.pid).toBe(isolate === 'thread')
    expect(logs).toEqual([
      { level: 'INFO', source: 'handler', text: expect.stringMatching(/^got it .*"key"/) },
      { level: 'WARN', source: 'stderr', text: 'raw' },
    ])
    expect(progress).toEqual([{ percent: 50, message: 'half' }])
  })

  it('fails with the error that it throws', async () => {
    const result = await run(`fail-${isolate}`)
    expect(result).toMatchObject({
      outcome: 'FAILURE',
      retriable: false,
      error: { code: 'ACCOUNT_CLOSED', message: 'The account is closed' },
    })
    expect(result.error!.stack).toContain('handlers')
  })

  it('that blocks its event loop hurts no other, and is ended when it is to stop', async () => {
    const blocking = stopWhenItSpeaks(`block-${isolate}`, 'TIMEOUT')
    expect((await run(`echo-${isolate}`)).outcome).toBe('SUCCESS')
    expect(await blocking).toMatchObject({ outcome: 'FAILURE', error: { code: 'TIMEOUT' }, logs: [{ text: 'blocking' }] })
  })

  it('that ends its process ends itself alone', async () => {
    expect(await run(`exit-${isolate}`)).toMatchObject({
      outcome: 'FAILURE',
      retriable: true,
      error: { code: 'ISOLATE_ENDED', message: `The handler's ${isolate} ended before the handler did: exit code 7` },
    })
  })

  it('that takes more memory than it may is ended', async () => {
    expect(await run(`leak-${isolate}`)).toMatchObject({ outcome: 'FAILURE', error: { code: 'ISOLATE_ENDED' } })
  })

  it('that throws where nobody waits fails, and nothing else does', async () => {
    const result = await run(`late-${isolate}`)
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'ISOLATE_ENDED' } })
    expect(result.error!.message).toContain('thrown where nobody waits')
  })

  it('hears that it is to stop, and why, and may clean up', async () => {
    expect(await stopWhenItSpeaks(`patient-${isolate}`, 'REPLACED')).toMatchObject({
      error: { code: 'REPLACED' },
      logs: [{ text: 'waiting' }, { text: 'cleaned up after REPLACED' }],
    })
  })
})

it('the isolated handler of the guide counts, and refuses what it does not take', async () => {
  expect(await run('primes.count', { params: { below: 100 } })).toMatchObject({ outcome: 'SUCCESS', output: { count: 25 } })
  expect(await run('primes.count', { params: { below: 1 } })).toMatchObject({
    error: { code: 'PARAMS_INVALID' },
    retriable: false,
  })
})

it('an isolated handler that its module does not export is said to be missing there', async () => {
  expect(await run('hidden')).toMatchObject({ error: { code: 'HANDLER_MODULE' }, retriable: false })
})

it('an isolated handler needs its module', () => {
  expect(() => defineHandler({ name: 'x', isolate: 'thread', run: () => 1 })).toThrow('needs `module: import.meta.url`')
})
