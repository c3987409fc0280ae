import { EngineConnection, EngineRefusal, type ConnectionOptions } from '../engine-connection.ts'
import { CONTAINER, type Manifests } from './job-manifest.ts'

export interface Metadata {
  readonly name: string
  readonly uid: string
  readonly labels?: Readonly<Record<string, string>>
}

export interface Job {
  readonly metadata: Metadata
  readonly spec: { readonly suspend?: boolean }
}

export interface Pod {
  readonly metadata: Metadata
  readonly status: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly reason?: string
      readonly message?: string
    }[]
    readonly containerStatuses?: readonly { readonly name: string; readonly state?: ContainerState }[]
  }
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly running?: object
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string }
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: Pod
}

export interface KubeEvent {
  readonly type: string
  readonly reason: string
  readonly message: string
}

/** The server ends a watch by itself after this long, so that a connection that died unseen is noticed. */
const WATCH_SECONDS = 240

/** The calls of the Kubernetes API that it takes to run a Job. https://kubernetes.io/docs/reference/kubernetes-api/ */
export class KubernetesApi {
  readonly connection: EngineConnection

  constructor(options: ConnectionOptions) {
    this.connection = new EngineConnection(options)
  }

  createJob(namespace: string, job: object): Promise<Job> {
    return this.connection.json({ method: 'POST', path: jobsOf(namespace), json: job })
  }

  async getJob(namespace: string, name: string): Promise<Job | null> {
    return orNull(404, this.connection.json<Job>({ method: 'GET', path: `${jobsOf(namespace)}/${name}` }))
  }

  async listJobs(namespace: string, labelSelector: string): Promise<readonly Job[]> {
    const call = { method: 'GET', path: jobsOf(namespace), query: { labelSelector } } as const
    return (await this.connection.json<{ items: readonly Job[] }>(call)).items
  }

  /** A suspended Job starts. */
  async resumeJob(namespace: string, name: string): Promise<void> {
    const headers = { 'content-type': 'application/merge-patch+json' }
    const body = Buffer.from('{"spec":{"suspend":false}}')
    await this.connection.text({ method: 'PATCH', path: `${jobsOf(namespace)}/${name}`, headers, body })
  }

  /** With its pods and secrets. One that is gone is deleted. */
  async deleteJob(namespace: string, name: string): Promise<void> {
    const json = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' }
    await orNull(404, this.connection.text({ method: 'DELETE', path: `${jobsOf(namespace)}/${name}`, json }))
  }

  /** One that is there already is of an earlier answer that was lost. */
  async createSecret(namespace: string, secret: Manifests['secrets'][number], owner: Metadata): Promise<void> {
    const { name, uid } = owner
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }]
    const json = { ...secret, metadata: { ...secret.metadata, ownerReferences } }
    await orNull(409, this.connection.text({ method: 'POST', path: `/api/v1/namespaces/${namespace}/secrets`, json }))
  }

  async listPods(namespace: string, labelSelector: string): Promise<{ readonly pods: readonly Pod[]; readonly at: string }> {
    const call = { method: 'GET', path: podsOf(namespace), query: { labelSelector } } as const
    const list = await this.connection.json<{ metadata: { resourceVersion: string }; items: readonly Pod[] }>(call)
    return { pods: list.items, at: list.metadata.resourceVersion }
  }

  /** What changes after a list was made. */
  watchPods(namespace: string, labelSelector: string, at: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const query = { watch: 'true', labelSelector, resourceVersion: at, timeoutSeconds: WATCH_SECONDS }
    const timeoutMs = (WATCH_SECONDS + 30) * 1000
    return this.connection.values({ method: 'GET', path: podsOf(namespace), query, signal, timeoutMs })
  }

  /** Each line behind its time stamp. */
  log(namespace: string, pod: string, sinceTime: string | undefined, signal: AbortSignal): AsyncGenerator<Buffer> {
    const query = { container: CONTAINER, follow: 'true', timestamps: 'true', sinceTime }
    return this.connection.chunks({ method: 'GET', path: `${podsOf(namespace)}/${pod}/log`, query, signal })
  }

  async eventsOf(namespace: string, uid: string): Promise<readonly KubeEvent[]> {
    const query = { fieldSelector: `involvedObject.uid=${uid}` }
    const call = { method: 'GET', path: `/api/v1/namespaces/${namespace}/events`, query } as const
    return (await this.connection.json<{ items: readonly KubeEvent[] }>(call)).items
  }
}

const jobsOf = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`
const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

async function orNull<T>(status: number, call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === status) return null
    throw error
  }
}
