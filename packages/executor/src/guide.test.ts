import { DefinitionDocument } from '@carillon/contract'
import { build } from 'esbuild'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startServer } from './executor.test-helper.ts'
import { TOKEN } from './protocol-server.test-helper.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const CODE = /^```ts file=(\S+)\n(.*?)^```$/gms
const COMPILER = {
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    customConditions: ['source'],
    types: ['node'],
  },
  include: ['*.ts'],
}

let folder: string

// Below the root, so that the guide's imports are resolved as a user's are.
beforeAll(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  folder = await mkdtemp(join(root, 'node_modules/.cache/guide-'))
  const guide = await readFile(join(root, 'docs/guides/typescript-sdk.md'), 'utf8')
  for (const [, file, code] of guide.matchAll(CODE)) await writeFile(join(folder, file!), code!)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(COMPILER))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a file of the guide in a process of its own. */
async function run(file: string, env: Record<string, string> = {}): Promise<ChildProcess & { said: () => string }> {
  const outfile = join(folder, `${file}.mjs`)
  await build({
    entryPoints: [join(folder, file)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    // Packages of the guide are loaded as they are; ours come as TypeScript.
    external: ['undici', 'pino', 'typebox', 'typebox/*', 'yaml'],
  })
  const child = spawn(process.execPath, [outfile], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  return Object.assign(child, { said: () => said })
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  return child.exitCode
}

describe('The code of the guide to the TypeScript SDK', { timeout: 60_000 }, () => {
  it('compiles under the strictest settings', async () => {
    const tsc = spawn(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    tsc.stdout.on('data', (chunk) => (said += chunk))
    await once(tsc, 'close')
    expect(said).toBe('')
    expect(tsc.exitCode).toBe(0)
  })

  it.each(['greet.test.ts', 'orders.test.ts'])('tests its own handlers and DAGs: %s', async (file) => {
    const child = await run(file)
    const code = await exitOf(child)
    expect(child.said()).toBe('')
    expect(code).toBe(0)
  })

  it('writes its DAG as the document that is applied', async () => {
    const child = await run('write.ts')
    expect(await exitOf(child)).toBe(0)
    const document = parse(child.said()) as { nodes: { code: string }[] }
    expect([...Value.Errors(DefinitionDocument, document)]).toEqual([])
    expect(document.nodes.map(({ code }) => code)).toEqual(['extract', 'load', 'review', 'booked', 'publish', 'alert'])
  })

  it('runs an executor that drains and ends when the process is told to', async () => {
    const server = await startServer()
    const [greeted, reported, cleaned] = server.give(
      { handler: 'greet', params: { who: 'you' } },
      { handler: 'reports.daily', params: { day: 'Monday' } },
      { handler: 'CleanUp' },
    )
    const child = await run('main.ts', { CARILLON_URL: server.url, CARILLON_TOKEN: TOKEN })
    await server.untilEnded(greeted!, reported!, cleaned!)
    expect(server.end(greeted!).output).toEqual({ greeted: 'you', times: 1 })
    expect(server.end(reported!).output).toEqual({ report: 'Monday' })
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(0)
    expect(server.calls.at(-1)!.name).toBe('deregister')
    expect(child.said()).toContain('SIGTERM: draining')
  })
})
