import { EngineConnection, EngineRefusal, type Call, type ConnectionOptions } from '../engine-connection.ts'

/** What is asked for, where the engine knows it; older engines are asked for what they know. */
const VERSION = '1.44'

export interface DockerState {
  readonly Status: string
  readonly ExitCode: number
  readonly OOMKilled: boolean
  readonly Error: string
}

export interface DockerContainer {
  readonly Id: string
  readonly State: DockerState
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null }
}

export interface ListedContainer {
  readonly Id: string
  readonly Labels: Readonly<Record<string, string>>
}

export interface PullEvent {
  readonly status?: string
  readonly id?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly message?: string }
}

/** The calls of the Engine API that it takes to run a container. https://docs.docker.com/reference/api/engine/ */
export class DockerApi {
  readonly connection: EngineConnection
  #prefix: Promise<string> | undefined

  constructor(options: ConnectionOptions) {
    this.connection = new EngineConnection(options)
  }

  async hasImage(name: string): Promise<boolean> {
    return (await this.#unless([404], { method: 'GET', path: `/images/${pathOf(name)}/json` })) !== null
  }

  async *pull(name: string, auth: string | null, signal: AbortSignal): AsyncGenerator<PullEvent> {
    const headers = auth === null ? {} : { 'x-registry-auth': auth }
    const call = { method: 'POST', path: '/images/create', query: { fromImage: name }, headers, signal } as const
    yield* this.connection.values<PullEvent>(await this.#versioned(call))
  }

  async create(name: string, body: object): Promise<string> {
    const call = { method: 'POST', path: '/containers/create', query: { name }, json: body, timeoutMs: 120_000 } as const
    return (await this.connection.json<{ Id: string }>(await this.#versioned(call))).Id
  }

  async inspect(id: string): Promise<DockerContainer | null> {
    const text = await this.#unless([404], { method: 'GET', path: `/containers/${id}/json` })
    return text === null ? null : (JSON.parse(text) as DockerContainer)
  }

  async list(label: string): Promise<ListedContainer[]> {
    const query = { all: 1, filters: JSON.stringify({ label: [label] }) }
    return this.connection.json(await this.#versioned({ method: 'GET', path: '/containers/json', query }))
  }

  async putFiles(id: string, archive: Buffer): Promise<void> {
    const headers = { 'content-type': 'application/x-tar' }
    await this.#call({ method: 'PUT', path: `/containers/${id}/archive`, query: { path: '/' }, body: archive, headers })
  }

  /** A tar of the file: null where there is none. Of a large one no more than `most` bytes. */
  async getFile(id: string, path: string, most: number): Promise<Buffer | null> {
    const call = await this.#versioned({ method: 'GET', path: `/containers/${id}/archive`, query: { path }, timeoutMs: 60_000 })
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of this.connection.chunks(call)) {
        chunks.push(chunk)
        size += chunk.length
        if (size > most) break
      }
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return null
      throw error
    }
    return Buffer.concat(chunks).subarray(0, most)
  }

  async start(id: string): Promise<void> {
    await this.#call({ method: 'POST', path: `/containers/${id}/start`, timeoutMs: 120_000 })
  }

  async *logs(id: string, since: string | undefined, signal: AbortSignal): AsyncGenerator<Buffer> {
    const query = { follow: 1, stdout: 1, stderr: 1, timestamps: 1, since }
    yield* this.connection.chunks(await this.#versioned({ method: 'GET', path: `/containers/${id}/logs`, query, signal }))
  }

  /** Answers when it runs no more. */
  async wait(id: string, signal: AbortSignal): Promise<void> {
    await this.#call({ method: 'POST', path: `/containers/${id}/wait`, signal, timeoutMs: 0 })
  }

  /** Its stop signal, and after so many seconds SIGKILL. One that does not run, or is gone, is stopped. */
  async stop(id: string, seconds: number): Promise<void> {
    const timeoutMs = (seconds + 30) * 1000
    await this.#unless([304, 404], { method: 'POST', path: `/containers/${id}/stop`, query: { t: seconds }, timeoutMs })
  }

  /** Kills it where it still runs. One that is gone, or going, is removed. */
  async remove(id: string): Promise<void> {
    const query = { force: 1, v: 1 }
    await this.#unless([404, 409], { method: 'DELETE', path: `/containers/${id}`, query, timeoutMs: 60_000 })
  }

  async #unless(statuses: readonly number[], call: Call): Promise<string | null> {
    try {
      return await this.#call(call)
    } catch (error) {
      if (error instanceof EngineRefusal && statuses.includes(error.status)) return null
      throw error
    }
  }

  async #call(call: Call): Promise<string> {
    return this.connection.text(await this.#versioned(call))
  }

  async #versioned<T extends Call>(call: T): Promise<T> {
    this.#prefix ??= this.#findPrefix()
    return { ...call, path: (await this.#prefix) + call.path }
  }

  async #findPrefix(): Promise<string> {
    try {
      const { headers, body } = await this.connection.open({ method: 'GET', path: '/_ping' })
      await body.dump()
      const known = String(headers['api-version'] ?? VERSION)
      return `/v${Number(known.split('.')[1]) < Number(VERSION.split('.')[1]) ? known : VERSION}`
    } catch (error) {
      this.#prefix = undefined
      throw error
    }
  }
}

const pathOf = (name: string) => name.split('/').map(encodeURIComponent).join('/')
