import type { HandlerContext } from '@carillon/executor'
import { setTimeout as pause } from 'node:timers/promises'
import {
  ContainerFailure,
  goneFailure,
  imageFailure,
  refusedFailure,
  startFailure,
  type ContainerEnd,
  type ContainerEngine,
  type ContainerOutlet,
  type ContainerSettings,
  type ContainerWork,
} from '../container.ts'
import { EngineAway, EngineRefusal } from '../engine-connection.ts'
import { followLog, LOG_DRAIN_MS } from '../follow-log.ts'
import { Held } from '../held.ts'
import { EXECUTOR_LABEL, heldKey, identityOf, labelsOf, type Identity } from '../identity.ts'
import { PATIENCE, persistently, type Patience } from '../persistently.ts'
import { after, never, whenAborted } from '../stopping.ts'
import { manifestsOf, type Manifests } from './job-manifest.ts'
import type { Cluster } from './kube-config.ts'
import { KubernetesApi, type Job, type Pod } from './kubernetes-api.ts'
import { LogLines } from './log-lines.ts'
import { verdictOf, type Verdict } from './pod-verdict.ts'

export interface KubernetesOptions {
  readonly cluster: Cluster
  /** Names this executor, and whoever takes its place after a crash. */
  readonly identity: string
  /** In which Jobs may run; the first where the settings name none. Default: the cluster's. */
  readonly namespaces?: readonly string[]
  /** As which Jobs may run. Default: none but the namespace's default, without its token. */
  readonly serviceAccounts?: readonly string[]
  readonly patience?: Partial<Patience>
  /** How often to look why there is no pod. Default 15,000. */
  readonly podlessMs?: number
}

/** One container of one Job while it is run. */
interface Running {
  readonly job: Job
  readonly namespace: string
  readonly selector: string
  readonly work: ContainerWork
  readonly context: HandlerContext
  readonly outlet: ContainerOutlet
  /** Aborted when nobody wants to know any more. */
  readonly over: AbortController
}

/** Runs containers as Jobs of one Kubernetes cluster. */
export class KubernetesEngine implements ContainerEngine {
  readonly name: string
  readonly #api: KubernetesApi
  readonly #identity: Identity
  readonly #namespaces: readonly string[]
  readonly #serviceAccounts: readonly string[]
  readonly #patience: Patience
  readonly #podlessMs: number
  readonly #held = new Held()

  constructor({ cluster, identity, namespaces = [], serviceAccounts = [], patience, podlessMs = 15_000 }: KubernetesOptions) {
    this.name = cluster.connection.name
    this.#api = new KubernetesApi(cluster.connection)
    this.#identity = identityOf(identity)
    this.#namespaces = namespaces.length > 0 ? namespaces : [cluster.namespace]
    this.#serviceAccounts = serviceAccounts
    this.#patience = { ...PATIENCE, ...patience }
    this.#podlessMs = podlessMs
  }

  async run(work: ContainerWork, context: HandlerContext, outlet: ContainerOutlet): Promise<ContainerEnd> {
    const namespace = this.#allowed(work.settings)
    const labels = labelsOf(context, this.#identity)
    const selector = Object.entries(labels)
      .map((pair) => pair.join('='))
      .join(',')
    return this.#held.during(labels, async () => {
      const { job: manifest, secrets } = manifestsOf(work, context, this.#identity)
      const job = await this.#create(namespace, manifest, labels)
      try {
        await this.#prepare(namespace, job, secrets)
        context.signal.throwIfAborted()
        await this.#api.resumeJob(namespace, job.metadata.name)
        return await this.#follow({ job, namespace, selector, work, context, outlet, over: new AbortController() })
      } finally {
        await this.#delete({ job, namespace, context })
      }
    })
  }

  async sweep(): Promise<number> {
    let swept = 0
    for (const namespace of this.#namespaces) {
      const jobs = await this.#api.listJobs(namespace, `${EXECUTOR_LABEL}=${this.#identity.hash}`)
      for (const { metadata } of jobs.filter((job) => !this.#held.has(job.metadata.labels))) {
        await this.#api.deleteJob(namespace, metadata.name)
        swept += 1
      }
    }
    return swept
  }

  close(): Promise<void> {
    return this.#api.connection.close()
  }

  /** The namespace to run in. A name space, or an account, is a right: whoever writes task types gives himself none. */
  #allowed({ kubernetes: { namespace, serviceAccount } = {} }: ContainerSettings): string {
    if (namespace !== undefined && !this.#namespaces.includes(namespace))
      throw forbidden(`runs no Jobs in the namespace ${namespace}; it does in ${this.#namespaces.join(', ')}`)
    if (serviceAccount !== undefined && !this.#serviceAccounts.includes(serviceAccount))
      throw forbidden(
        `runs no Jobs as the service account ${serviceAccount}; it does as ${this.#serviceAccounts.join(', ') || 'none'}`,
      )
    return namespace ?? this.#namespaces[0]!
  }

  // ─────────────────────────────────────────────────────────────── life

  /** Its name is taken where an earlier answer was lost: then that Job is the one. */
  async #create(namespace: string, manifest: Manifests['job'], labels: Record<string, string>): Promise<Job> {
    try {
      return await this.#api.createJob(namespace, manifest).catch((error: unknown) => {
        if (error instanceof EngineAway) return this.#api.createJob(namespace, manifest)
        throw error
      })
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error
      if (error.status === 400 || error.status === 422) throw refusedFailure(error.said)
      const found = error.status === 409 ? await this.#api.getJob(namespace, manifest.metadata.name) : null
      const isMine =
        found?.metadata.labels?.[EXECUTOR_LABEL] === this.#identity.hash && heldKey(found.metadata.labels) === heldKey(labels)
      if (found !== null && isMine && found.spec.suspend === true) return found
      throw error
    }
  }

  async #prepare(namespace: string, job: Job, secrets: Manifests['secrets']): Promise<void> {
    try {
      for (const secret of secrets) await this.#api.createSecret(namespace, secret, job.metadata)
    } catch (error) {
      // Too large, in most cases.
      throw error instanceof EngineRefusal && (error.status === 413 || error.status === 422) ? refusedFailure(error.said) : error
    }
  }

  /** A Job that cannot be deleted is found by the next sweep, and ends by itself at its deadline. */
  async #delete({ job, namespace, context }: Pick<Running, 'job' | 'namespace' | 'context'>): Promise<void> {
    const { name } = job.metadata
    try {
      await this.#api.deleteJob(namespace, name)
    } catch (error) {
      context.log.write('WARN', `The Job ${name} is left behind for now: ${(error as Error).message}`, 'system')
    }
  }

  /** Until it has ended, or could not be made to. */
  async #follow(running: Running): Promise<ContainerEnd> {
    const { context, over, work } = running
    const { signal } = over
    const told = new PodNews(running)
    let logged: Promise<void> | undefined
    const ended = this.#watch(running, (pod) => {
      const verdict = told.take(pod)
      if (verdict.kind === 'RUNNING' || verdict.kind === 'ENDED') logged ??= this.#log(running, pod.metadata.name, ended)
      return verdict
    })
    const drained = async () => {
      const verdict = await ended
      await Promise.race([logged, after(LOG_DRAIN_MS, signal)])
      return verdict
    }
    const stopped = async () => {
      await whenAborted(context.signal, signal)
      await this.#delete(running)
      if (told.hasPod) await after(work.killAfterMs + this.#patience.stopMs, signal)
      throw context.signal.reason
    }
    try {
      return endOf(await Promise.race([drained(), stopped(), this.#whilePodless(running, told)]), work, told.pullProblem)
    } finally {
      over.abort()
    }
  }

  /** Looks at the pod whenever it changes, until it has ended for good. */
  async #watch({ namespace, selector, over: { signal } }: Running, look: (pod: Pod) => Verdict): Promise<Verdict> {
    let isThere = false
    const lookAt = (pod: Pod) => {
      isThere = true
      const verdict = look(pod)
      return isFinal(verdict) ? verdict : null
    }
    const watch = async (alive: () => void): Promise<Verdict | null> => {
      const { pods, at } = await this.#api.listPods(namespace, selector)
      alive()
      if (isThere && pods.length === 0) throw goneFailure()
      for (const pod of pods) {
        const verdict = lookAt(pod)
        if (verdict !== null) return verdict
      }
      for await (const { type, object } of this.#api.watchPods(namespace, selector, at, signal)) {
        alive()
        // Of a list that is too old: made anew.
        if (type === 'ERROR') return null
        const verdict = lookAt(object)
        if (verdict !== null) return verdict
        if (type === 'DELETED') throw goneFailure()
      }
      return null
    }
    for (;;) {
      const verdict = await persistently(this.#patience, signal, watch)
      if (verdict !== null) return verdict
      await pause(this.#patience.restMs, undefined, { signal })
    }
  }

  /** Says why Kubernetes makes no pod: a quota, a policy, a service account that is not there. Rejects where the Job is gone. */
  async #whilePodless({ namespace, job, context, over: { signal } }: Running, told: PodNews): Promise<never> {
    const known = new Set<string>()
    for (;;) {
      await after(this.#podlessMs, signal)
      if (told.hasPod) return never()
      try {
        if ((await this.#api.getJob(namespace, job.metadata.name)) === null) throw goneFailure()
        for (const { type, reason, message } of await this.#api.eventsOf(namespace, job.metadata.uid)) {
          if (type === 'Warning' && !known.has(message))
            context.log.write('WARN', `Kubernetes makes no pod yet: ${reason}: ${message}`, 'system')
          known.add(message)
        }
      } catch (error) {
        // The watch is what gives an engine up.
        if (!(error instanceof EngineAway || error instanceof EngineRefusal)) throw error
      }
    }
  }

  /** Never rejects: a container whose log cannot be read goes on without. */
  async #log(
    { namespace, context, outlet, over: { signal: over } }: Running,
    pod: string,
    ended: Promise<unknown>,
  ): Promise<void> {
    const lines = new LogLines((line) => outlet.line('stdout', line))
    const open = (since: string | undefined) => this.#api.log(namespace, pod, since, over)
    const problem = await followLog(lines, open, { patience: this.#patience, ended, over })
    if (problem !== null) context.log.write('WARN', `The container's log cannot be read: ${problem}`, 'system')
  }
}

/** Tells what a pod is waiting for: each reason once. */
class PodNews {
  readonly #context: HandlerContext
  readonly #said = new Set<string>()
  hasPod = false
  /** Why the image could not be had. Kubernetes says it once, and from then on only that it waits. */
  pullProblem: string | null = null

  constructor({ context }: Running) {
    this.#context = context
  }

  take(pod: Pod): Verdict {
    this.hasPod = true
    const verdict = verdictOf(pod)
    if (verdict.kind === 'PULL_FAILED') {
      this.pullProblem = verdict.said
      this.#tell(`The image cannot be pulled; the node tries again: ${verdict.said}`)
    }
    if (verdict.kind === 'WAITING' && verdict.said !== null) this.#tell(verdict.said)
    if (verdict.kind === 'RUNNING') this.#context.progress(0, 'Running')
    return verdict
  }

  #tell(text: string): void {
    if (!this.#said.has(text)) this.#context.log.write('WARN', text, 'system')
    this.#said.add(text)
  }
}

const FINAL: ReadonlySet<Verdict['kind']> = new Set(['ENDED', 'EVICTED', 'UNSTARTABLE', 'NO_IMAGE'])
const isFinal = ({ kind }: Verdict) => FINAL.has(kind)

function endOf(verdict: Verdict, { image }: ContainerWork, pullProblem: string | null): ContainerEnd {
  switch (verdict.kind) {
    case 'ENDED':
      return verdict.end
    case 'UNSTARTABLE':
      throw startFailure(verdict.said)
    case 'NO_IMAGE':
      throw imageFailure(image, pullProblem ?? verdict.said)
    case 'EVICTED':
      throw new ContainerFailure('CONTAINER_EVICTED', `Kubernetes ended the pod: ${verdict.said}`, true)
    case 'PULL_FAILED':
    case 'RUNNING':
    case 'WAITING':
      throw new Error(`A pod that is ${verdict.kind} has not ended`)
  }
}

const forbidden = (what: string) => new ContainerFailure('CONTAINER_FORBIDDEN', `This executor ${what}`, false)
