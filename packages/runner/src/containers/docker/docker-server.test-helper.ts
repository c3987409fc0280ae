import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tar } from '../tar.ts'

/**
 * A server that answers as the Docker Engine API does: a small stage, written after https://docs.docker.com/reference/api/engine/ with the
 * literal answers of its documentation and of the engine's source. It runs no containers: what an image "does" is a row of `programs`. What
 * it shows is that the client speaks the protocol as documented; `docker-engine.real.test.ts` shows the same on an engine, where there is one.
 */

/** What a container of an image does. */
export interface Program {
  readonly exitCode?: number
  readonly outOfMemory?: boolean
  /** Stream, instant and text of each piece of its log. */
  readonly says?: readonly (readonly ['stdout' | 'stderr', string, string])[]
  /** Written to /carillon/output.json. */
  readonly output?: string
  /** Runs until it is stopped. */
  readonly stays?: boolean
  /** It does not end by SIGTERM. */
  readonly stubborn?: boolean
  /** What start answers. */
  readonly start?: readonly [status: number, message: string]
}

export interface Stage {
  readonly programs: Record<string, Program>
  /** Images that are there. A pull adds to them. */
  readonly images: Set<string>
  /** What a pull answers, by image; a promise among the lines is waited for. Left out: two layers, downloaded. */
  readonly pulls: Record<string, { readonly status?: number; readonly lines: readonly (object | Promise<unknown>)[] }>
  /** The log's stream is broken off behind so many frames, once for each number. */
  readonly logCuts: number[]
  /** The answers to the next so many creations are lost: the container is there. */
  lostCreates: number
  /** Calls of these are broken off, as long as they are in it: `POST /wait`. */
  readonly away: Set<string>
}

export interface Staged {
  readonly id: string
  readonly name: string
  readonly body: { readonly Image: string; readonly Labels: Record<string, string>; readonly [key: string]: unknown }
  files: Buffer
  state: 'created' | 'running' | 'exited'
  exitCode: number
  readonly end: (code: number) => void
  readonly ended: Promise<void>
}

export class DockerServer {
  readonly stage: Stage = {
    programs: {},
    images: new Set(),
    pulls: {},
    logCuts: [],
    lostCreates: 0,
    away: new Set(),
  }
  readonly containers = new Map<string, Staged>()
  /** `POST /containers/create?name=…`, without the version. */
  readonly calls: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly host: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'carillon-docker-'))
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  constructor() {
    this.host = `unix://${join(this.#folder, 'docker.sock')}`
  }

  async start(): Promise<this> {
    this.#server.listen(this.host.slice('unix://'.length))
    await once(this.#server, 'listening')
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  dropConnections(): void {
    this.#server.closeAllConnections()
  }

  /** A container that somebody made before. */
  leave(labels: Record<string, string>, image = 'docker.io/library/alpine:3'): Staged {
    const container = this.#make(`left-${this.containers.size}`, { Image: image, Labels: labels })
    container.state = 'running'
    return container
  }

  #make(name: string, body: Staged['body']): Staged {
    const id = createHash('sha256').update(`${name}${this.containers.size}`).digest('hex')
    let resolve: () => void = () => undefined
    const ended = new Promise<void>((done) => (resolve = done))
    const container: Staged = {
      ...{ id, name, body, files: Buffer.alloc(0), state: 'created', exitCode: 0, ended },
      end: (code) => {
        if (container.state === 'exited') return
        container.state = 'exited'
        container.exitCode = code
        resolve()
      },
    }
    this.containers.set(id, container)
    return container
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const url = new URL(request.url!, 'http://localhost')
    const path = url.pathname.replace(/^\/v1\.\d+/, '')
    this.calls.push(`${request.method} ${path}${url.search}`)
    this.headers.push(request.headers)
    response.setHeader('Api-Version', '1.47')
    const [, , ref = '', verb = ''] = path.split('/')
    if ([...this.stage.away].some((call) => `${request.method} ${path}`.startsWith(call))) return void response.destroy()
    if (path === '/_ping') return void response.end('OK')
    if (path.startsWith('/images/')) return this.#image(request.method!, path, url, response)
    if (path === '/containers/create') return this.#create(url.searchParams.get('name')!, bytes, response)
    if (path === '/containers/json') return this.#list(url, response)
    const container = [...this.containers.values()].find(({ id, name }) => id === ref || name === ref)
    if (!container) return refuse(response, 404, `No such container: ${ref}`)
    return this.#container(`${request.method} ${verb}`, container, url, bytes, response)
  }

  async #image(method: string, path: string, url: URL, response: ServerResponse): Promise<void> {
    if (method === 'GET') {
      const name = decodeURIComponent(path.slice('/images/'.length, -'/json'.length))
      if (!this.stage.images.has(name)) return refuse(response, 404, `No such image: ${name}`)
      return answer(response, 200, { Id: 'sha256:abc', RepoTags: [name] })
    }
    const name = url.searchParams.get('fromImage')!
    const { status = 200, lines } = this.stage.pulls[name] ?? { lines: PULLED }
    response.writeHead(status, { 'content-type': 'application/json' })
    for (const line of lines) {
      if (line instanceof Promise) await line
      else response.write(`${JSON.stringify(line)}\r\n`)
    }
    if (status === 200) this.stage.images.add(name)
    response.end()
  }

  #create(name: string, bytes: Buffer, response: ServerResponse): void {
    const body = JSON.parse(bytes.toString()) as Staged['body']
    const other = [...this.containers.values()].find((each) => each.name === name)
    if (other)
      return refuse(
        response,
        409,
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    if (!this.stage.images.has(body.Image)) return refuse(response, 404, `No such image: ${body.Image}`)
    const { id } = this.#make(name, body)
    if (this.stage.lostCreates-- > 0) return void response.destroy()
    answer(response, 201, { Id: id, Warnings: [] })
  }

  #list(url: URL, response: ServerResponse): void {
    const { label } = JSON.parse(url.searchParams.get('filters')!) as { label: string[] }
    const [key, value] = label[0]!.split('=')
    const found = [...this.containers.values()].filter(({ body }) => body.Labels[key!] === value)
    answer(
      response,
      200,
      found.map(({ id, name, body, state }) => ({ Id: id, Names: [`/${name}`], Labels: body.Labels, State: state })),
    )
  }

  async #container(call: string, container: Staged, url: URL, bytes: Buffer, response: ServerResponse): Promise<void> {
    const program = this.stage.programs[container.body.Image] ?? {}
    switch (call) {
      case 'PUT archive':
        container.files = bytes
        return void response.end()
      case 'POST start':
        if (program.start) return refuse(response, ...program.start)
        container.state = 'running'
        if (program.stays !== true) container.end(program.exitCode ?? 0)
        return void response.writeHead(204).end()
      case 'POST wait':
        response.writeHead(200, { 'content-type': 'application/json' })
        response.flushHeaders()
        await container.ended
        return void response.end(JSON.stringify({ StatusCode: container.exitCode }))
      case 'GET logs':
        return this.#logs(program, container, Number(url.searchParams.get('since') ?? 0), response)
      case 'GET json':
        return answer(response, 200, {
          Id: container.id,
          State: {
            Status: container.state,
            Running: container.state === 'running',
            OOMKilled: program.outOfMemory ?? false,
            ExitCode: container.exitCode,
            Error: '',
          },
          Config: { Labels: container.body.Labels },
        })
      case 'GET archive':
        if (program.output === undefined)
          return refuse(response, 404, `Could not find the file /carillon/output.json in container ${container.id}`)
        return void response
          .writeHead(200, { 'content-type': 'application/x-tar' })
          .end(tar([{ name: 'output.json', mode: 0o644, content: program.output }]))
      case 'POST stop':
        if (container.state === 'exited') return void response.writeHead(304).end()
        container.end(program.stubborn === true ? 137 : 143)
        return void response.writeHead(204).end()
      case 'DELETE ':
        container.end(137)
        this.containers.delete(container.id)
        return void response.writeHead(204).end()
      default:
        return refuse(response, 404, 'page not found')
    }
  }

  async #logs({ says = [] }: Program, container: Staged, since: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' })
    const cut = this.stage.logCuts.shift() ?? Infinity
    const pieces = says.filter(([, at]) => Date.parse(at) / 1000 >= since)
    for (const [stream, at, text] of pieces.slice(0, cut)) response.write(frame(stream, `${at} ${text}`))
    if (pieces.length > cut) {
      // Broken off within a frame, as a connection is.
      const [stream, at, text] = pieces[cut]!
      const whole = frame(stream, `${at} ${text}`)
      return void response.write(whole.subarray(0, whole.length - 2), () => response.destroy())
    }
    response.flushHeaders()
    await container.ended
    response.end()
  }
}

function frame(stream: 'stdout' | 'stderr', text: string): Buffer {
  const header = Buffer.from([stream === 'stdout' ? 1 : 2, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

const refuse = (response: ServerResponse, status: number, message: string) => answer(response, status, { message })

const PULLED = [
  { status: 'Pulling from library/alpine', id: '3' },
  { status: 'Pulling fs layer', progressDetail: {}, id: '1f3e46996e29' },
  { status: 'Downloading', progressDetail: { current: 1_000_000, total: 4_000_000 }, progress: '[====>  ]', id: '1f3e46996e29' },
  { status: 'Downloading', progressDetail: { current: 4_000_000, total: 4_000_000 }, progress: '[======>]', id: '1f3e46996e29' },
  { status: 'Download complete', progressDetail: {}, id: '1f3e46996e29' },
  { status: 'Pull complete', progressDetail: {}, id: '1f3e46996e29' },
  { status: 'Digest: sha256:56fa17d2a7e7f168a043a2712e63aed1f8543aeafdcee47c58dcffe38ed51099' },
  { status: 'Status: Downloaded newer image for alpine:3' },
] as const
