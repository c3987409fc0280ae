import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, type Client } from '@carillon/contract'

type RunDetail = Awaited<ReturnType<Client['runs']['get']>>

/** A tenant with an app, and executors of it that are the published npm packages, each in a process of its own. */
export interface Stage {
  readonly client: Client
  readonly token: string
  start(name: 'xxl-job' | 'dalongrong', options?: StartOptions): Promise<Started>
  /** Makes a task of the kind `xxl-job`. */
  task(code: string, settings: Readonly<Record<string, unknown>>, more?: Readonly<Record<string, unknown>>): Promise<void>
  trigger(task: string, params?: Record<string, unknown>): Promise<number>
  /** The run as soon as it is so. */
  until(run: number, is: (run: RunDetail) => boolean): Promise<RunDetail>
  /** The log of an instance as soon as a line of it includes a text. */
  log(instance: number, includes: string): Promise<readonly string[]>
  close(): Promise<void>
}

export interface StartOptions {
  readonly admin?: string
  /** Default: a free one. */
  readonly port?: number
  /** False: its registration comes to nobody, so it is not waited for. */
  readonly registers?: boolean
}

export interface Started {
  readonly address: string
  output(): string
  /** Waits until the server has it in that status. */
  becomes(status: string): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
}

export const APP = 'shop'
const SCRIPTS = fileURLToPath(new URL('../../xxl-job/', import.meta.url))

export async function setStage(dev: { readonly server: string; readonly token: string }, tenant: string): Promise<Stage> {
  const platform = createClient({ baseUrl: dev.server, token: dev.token })
  await platform.tenants.create({ body: { code: tenant } })
  const { secret } = await createClient({ baseUrl: dev.server, token: dev.token, tenant }).tokens.create({
    body: { name: 'owner', role: 'owner' },
  })
  const client = createClient({ baseUrl: dev.server, token: secret })
  await client.apps.create({ body: { code: APP, name: 'Shop' } })
  const { secret: token } = await client.tokens.create({ body: { name: 'executors', role: 'executor', app: APP } })
  const folder = mkdtempSync(join(tmpdir(), 'carillon-xxl-job-'))
  const closing: (() => Promise<void>)[] = []
  return {
    client,
    token,
    async start(name, { admin = `${dev.server}/xxl-job-admin`, registers = true, ...options } = {}) {
      const port = options.port ?? (await freePort())
      const child = spawn(process.execPath, [join(SCRIPTS, `${name}.mjs`)], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          PORT: String(port),
          ...{ XXL_JOB_ADMIN: admin, XXL_JOB_APP: APP, XXL_JOB_ACCESS_TOKEN: token },
          ...{ XXL_JOB_SCHEDULE_CENTER_URL: admin, XXL_JOB_EXECUTOR_KEY: APP, XXL_JOB_JOB_LOG_PATH: 'job-logs' },
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      const heard = new Promise<void>((resolve, reject) => {
        const listen = (text: Buffer) => (output += String(text)).includes(`${name} is ready`) && resolve()
        child.stdout.on('data', listen)
        child.stderr.on('data', listen)
        child.once('exit', (code) => reject(new Error(`It ended with ${code}:\n${output}`)))
      })
      const exited = once(child, 'exit')
      const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal)
        await exited
      }
      closing.push(() => stop('SIGKILL'))
      await heard
      const address = `http://127.0.0.1:${port}/job`
      if (registers) await becomes(client, address, 'ONLINE')
      return { address, output: () => output, stop, becomes: (status) => becomes(client, address, status) }
    },
    async task(code, settings, more = {}) {
      await client.taskTypes.create({ body: { code, name: code, kind: 'xxl-job', app: APP, settings } })
      await client.tasks.create({ body: { code, name: code, type: code, ...more } })
    },
    async trigger(task, params) {
      return (await client.runs.trigger({ params: { task }, body: params ? { params } : {} })).runId
    },
    async until(id, is) {
      for (const end = performance.now() + 60_000; ;) {
        const run = await client.runs.get({ params: { run: String(id) } })
        if (is(run)) return run
        if (performance.now() > end) throw new Error(`It did not come to that: ${JSON.stringify(run)}`)
        await pause(100)
      }
    },
    async log(instance, includes) {
      for (const end = performance.now() + 30_000; ;) {
        const { items } = await client.instances.logs({ params: { instance: String(instance) } })
        const lines = items.map(({ text }) => text)
        if (lines.some((line) => line.includes(includes))) return lines
        if (performance.now() > end) throw new Error(`No line has ${includes}: ${lines.join('\n')}`)
        await pause(100)
      }
    },
    async close() {
      for (const close of closing) await close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function becomes(client: Client, address: string, status: string): Promise<void> {
  for (const end = performance.now() + 30_000; ;) {
    const { items } = await client.executors.list()
    if (items.some((each) => each.instance === address && each.status === status)) return
    if (performance.now() > end) throw new Error(`${address} is not ${status}: ${JSON.stringify(items)}`)
    await pause(50)
  }
}

/** An admin that takes registrations and does nothing with them, as xxl-job does where a group's addresses were typed in; all else it passes on. */
export async function deafAdmin(server: string): Promise<{ readonly url: string; close(): void }> {
  const admin = createHttpServer(async (request, response) => {
    const body = Buffer.concat((await request.toArray()) as Buffer[])
    const answer = request.url!.includes('/api/registry')
      ? '{"code":200}'
      : await fetch(server + request.url!, {
          method: 'POST',
          body,
          headers: { 'xxl-job-access-token': String(request.headers['xxl-job-access-token']) },
        }).then((passed) => passed.text())
    response.setHeader('content-type', 'application/json').end(answer)
  }).listen(0, '127.0.0.1')
  await once(admin, 'listening')
  const { port } = admin.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, close: () => (admin.closeAllConnections(), admin.close()) }
}

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
