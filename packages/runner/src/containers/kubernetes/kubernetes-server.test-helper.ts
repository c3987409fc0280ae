import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cluster } from './kube-config.ts'

/**
 * A server that answers as the Kubernetes API does: a small stage, written after https://kubernetes.io/docs/reference/kubernetes-api/ with the
 * shapes and words of its documentation. It runs no pods: what the pod of a Job "does" is a list of statuses that it goes through. What it
 * shows is that the client speaks the protocol as documented, not that a cluster does as it is described.
 */

type Status = Record<string, unknown>

export interface KubernetesStage {
  /** What the pod goes through once its Job is resumed; a promise is waited for. Empty: there never is a pod. */
  statuses: readonly (Status | Promise<unknown>)[]
  /** Lines of its log, each with its time stamp. */
  log: readonly string[]
  /** The log's stream is broken off behind so many lines, once for each number. */
  logCuts: number[]
  /** Watches are broken off behind so many events, once for each number. */
  watchCuts: number[]
  /** So many watches are told that what they know is too old. */
  watchesTooOld: number
  /** Warnings about the Job. */
  events: readonly { readonly reason: string; readonly message: string }[]
  /** The answers to the next so many creations of Jobs are lost: the Job is there. */
  lostCreates: number
  /** What a call is refused with, by `POST jobs`. */
  refusals: Record<string, readonly [status: number, reason: string, message: string]>
}

interface KubeObject {
  readonly metadata: { name: string; uid: string; labels: Record<string, string>; ownerReferences?: { uid: string }[] }
  readonly spec: Record<string, unknown>
  status: Status
  [key: string]: unknown
}

export class KubernetesServer {
  readonly stage: KubernetesStage = {
    ...{ statuses: [RUNNING, terminated(0)], log: [], logCuts: [], watchCuts: [], watchesTooOld: 0 },
    ...{ events: [], lostCreates: 0, refusals: {} },
  }
  readonly jobs = new Map<string, KubeObject>()
  readonly secrets = new Map<string, KubeObject>()
  readonly pods = new Map<string, KubeObject>()
  /** Everything that was ever made, as it was asked for. */
  readonly made: { readonly kind: string; readonly body: KubeObject }[] = []
  readonly calls: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly #history: { readonly at: number; readonly event: object }[] = []
  readonly #watches = new Set<() => void>()
  readonly #opened = new EventEmitter()
  #version = 100
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get cluster(): Cluster {
    return { connection: { name: 'Kubernetes test', origin: this.origin }, namespace: 'batch' }
  }

  /** A Job that somebody made before. */
  leave(name: string, labels: Record<string, string>): void {
    this.jobs.set(name, { metadata: { name, uid: `uid-${name}`, labels }, spec: { suspend: false }, status: {} })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url!, 'http://localhost')
    this.calls.push(`${request.method} ${url.pathname}${url.search}`)
    this.headers.push(request.headers)
    const [, resource = '', name = '', sub = ''] =
      /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? []
    const call = `${request.method} ${resource}${sub && `/${sub}`}`
    const refusal = this.stage.refusals[call]
    if (refusal) return refuse(response, ...refusal)
    switch (call) {
      case 'POST jobs':
        return this.#create('jobs', this.jobs, JSON.parse(text) as KubeObject, response)
      case 'POST secrets':
        return this.#create('secrets', this.secrets, JSON.parse(text) as KubeObject, response)
      case 'GET jobs': {
        if (name === '') return answer(response, 200, { kind: 'JobList', metadata: {}, items: selected(this.jobs, url) })
        const job = this.jobs.get(name)
        return job ? answer(response, 200, job) : notFound(response, 'jobs.batch', name)
      }
      case 'PATCH jobs': {
        const job = this.jobs.get(name)
        if (!job) return notFound(response, 'jobs.batch', name)
        job.spec['suspend'] = (JSON.parse(text) as KubeObject).spec['suspend']
        void this.#play(job)
        return answer(response, 200, job)
      }
      case 'DELETE jobs':
        return this.#delete(name, response)
      case 'GET pods':
        if (url.searchParams.has('watch')) return this.#watch(url, response)
        return answer(response, 200, {
          kind: 'PodList',
          metadata: { resourceVersion: String(this.#version) },
          items: selected(this.pods, url),
        })
      case 'GET pods/log':
        return this.#log(url, response)
      case 'GET events':
        return answer(response, 200, { items: this.stage.events.map((event) => ({ type: 'Warning', ...event })) })
      default:
        return refuse(response, 404, 'NotFound', 'the server could not find the requested resource')
    }
  }

  #create(kind: string, all: Map<string, KubeObject>, body: KubeObject, response: ServerResponse): void {
    const { name } = body.metadata
    if (all.has(name)) return refuse(response, 409, 'AlreadyExists', `${kind} "${name}" already exists`)
    this.made.push({ kind, body: structuredClone(body) })
    body.metadata.uid = `uid-${name}`
    all.set(name, body)
    if (kind === 'jobs' && this.stage.lostCreates-- > 0) return void response.destroy()
    answer(response, 201, body)
  }

  async #play({ metadata, spec }: KubeObject): Promise<void> {
    const template = spec['template'] as { metadata: { labels: Record<string, string> }; spec: Record<string, unknown> }
    const name = `${metadata.name}-x7k2p`
    for (const status of this.stage.statuses) {
      if (status instanceof Promise) {
        await status
        continue
      }
      // So that each of them is seen.
      if (this.#watches.size === 0) await once(this.#opened, 'watch')
      if (this.jobs.has(metadata.name)) {
        const isNew = !this.pods.has(name)
        const labels = { ...template.metadata.labels, 'job-name': metadata.name }
        const pod = { metadata: { name, uid: `uid-${name}`, labels }, spec: template.spec, status }
        this.pods.set(name, pod)
        this.emit(isNew ? 'ADDED' : 'MODIFIED', pod)
      }
    }
  }

  #delete(name: string, response: ServerResponse): void {
    const job = this.jobs.get(name)
    if (!job) return notFound(response, 'jobs.batch', name)
    this.jobs.delete(name)
    for (const [key, { metadata }] of this.secrets)
      if (metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid)) this.secrets.delete(key)
    for (const [key, pod] of this.pods) {
      if (!key.startsWith(name)) continue
      const isRunning = JSON.stringify(pod.status).includes('"running"')
      if (isRunning) this.emit('MODIFIED', { ...pod, status: terminated(143, 'Error') })
      this.pods.delete(key)
      this.emit('DELETED', pod)
    }
    answer(response, 200, { kind: 'Status', status: 'Success' })
  }

  emit(type: string, object: object): void {
    this.#version += 1
    this.#history.push({ at: this.#version, event: { type, object: structuredClone(object) } })
    for (const look of this.#watches) look()
  }

  #watch(url: URL, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (this.stage.watchesTooOld-- > 0) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 100 (101)' }
      return void response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
    }
    let sent = Number(url.searchParams.get('resourceVersion'))
    let left = this.stage.watchCuts.shift() ?? Infinity
    const look = () => {
      for (const { at, event } of this.#history.filter((each) => each.at > sent)) {
        sent = at
        const line = `${JSON.stringify(event)}\n`
        if (left-- > 0) response.write(line)
        else {
          this.#watches.delete(look)
          return void response.write(line.slice(0, 20), () => response.destroy())
        }
      }
    }
    this.#watches.add(look)
    response.on('close', () => this.#watches.delete(look))
    look()
    this.#opened.emit('watch')
  }

  #log(url: URL, response: ServerResponse): void {
    const since = url.searchParams.get('sinceTime')
    const lines = this.stage.log.filter((line) => since === null || Date.parse(line.split(' ', 1)[0]!) >= Date.parse(since))
    const cut = this.stage.logCuts.shift() ?? Infinity
    response.writeHead(200, { 'content-type': 'text/plain' })
    for (const line of lines.slice(0, cut)) response.write(`${line}\n`)
    if (lines.length > cut) response.write(lines[cut]!.slice(0, -2), () => response.destroy())
    else response.end()
  }
}

function selected(objects: Map<string, KubeObject>, url: URL): KubeObject[] {
  const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').map((pair) => pair.split('=') as [string, string])
  return [...objects.values()].filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value))
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  answer(response, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })
}

const notFound = (response: ServerResponse, resource: string, name: string) =>
  refuse(response, 404, 'NotFound', `${resource} "${name}" not found`)

// ───────────────────────────────────────────────────────────────── statuses of pods

const main = (state: object) => [{ name: 'main', image: 'alpine:3', ready: false, restartCount: 0, state }]

export const PENDING: Status = { phase: 'Pending' }
export const RUNNING: Status = {
  phase: 'Running',
  containerStatuses: main({ running: { startedAt: '2026-03-04T05:06:07Z' } }),
}

export const waiting = (reason: string, message?: string): Status => ({
  phase: 'Pending',
  containerStatuses: main({ waiting: { reason, ...(message !== undefined && { message }) } }),
})

export const terminated = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', message?: string): Status => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: main({ terminated: { exitCode, reason, ...(message !== undefined && { message }) } }),
})
