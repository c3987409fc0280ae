import type { ContainerEnd } from '../container.ts'
import { CONTAINER, OUTPUT_BYTES } from './job-manifest.ts'
import type { ContainerState, Pod } from './kubernetes-api.ts'

/** What a pod's status says of its container. */
export type Verdict =
  | { readonly kind: 'ENDED'; readonly end: ContainerEnd }
  /** Kubernetes ended it, whatever it did. */
  | { readonly kind: 'EVICTED'; readonly said: string }
  /** It cannot be started. */
  | { readonly kind: 'UNSTARTABLE'; readonly said: string }
  /** Its image cannot be had, and it is no use to wait. */
  | { readonly kind: 'NO_IMAGE'; readonly said: string }
  /** Its image could not be had; the node tries again. */
  | { readonly kind: 'PULL_FAILED'; readonly said: string }
  | { readonly kind: 'RUNNING' }
  /** `said`: why it does not start yet, where that is worth telling. */
  | { readonly kind: 'WAITING'; readonly said: string | null }

const NO_IMAGE: ReadonlySet<string> = new Set(['InvalidImageName', 'ErrImageNeverPull', 'ImagePullBackOff', 'ImageInspectError'])
const UNSTARTABLE: ReadonlySet<string> = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])
const NEVER_STARTED: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun'])

export function verdictOf({ status }: Pod): Verdict {
  const state = status.containerStatuses?.find(({ name }) => name === CONTAINER)?.state
  const { terminated, waiting } = state ?? {}
  // Whom the node puts out is killed, and its exit code then says nothing.
  if (status.phase === 'Failed' && status.reason !== undefined && terminated?.exitCode !== 0)
    return { kind: 'EVICTED', said: together(status.reason, status.message) }
  if (terminated) return endOf(terminated)
  if (state?.running) return { kind: 'RUNNING' }
  if (status.phase === 'Failed') return { kind: 'EVICTED', said: together('Failed', status.message) }
  return waiting?.reason === undefined
    ? { kind: 'WAITING', said: unscheduled(status) }
    : waitingFor(waiting.reason, waiting.message)
}

function endOf({ exitCode, reason = '', message }: NonNullable<ContainerState['terminated']>): Verdict {
  if (NEVER_STARTED.has(reason)) return { kind: 'UNSTARTABLE', said: message ?? reason }
  const output = exitCode === 0 ? (message ?? null) : null
  return { kind: 'ENDED', end: { exitCode, outOfMemory: reason === 'OOMKilled', output, outputCutAt: OUTPUT_BYTES } }
}

function waitingFor(reason: string, message: string | undefined): Verdict {
  const said = together(reason, message)
  if (NO_IMAGE.has(reason)) return { kind: 'NO_IMAGE', said }
  if (reason === 'ErrImagePull') return { kind: 'PULL_FAILED', said }
  return UNSTARTABLE.has(reason) ? { kind: 'UNSTARTABLE', said } : { kind: 'WAITING', said: null }
}

function unscheduled({ conditions = [] }: Pod['status']): string | null {
  const condition = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  return condition ? `No node takes it yet: ${together(condition.reason ?? 'Unschedulable', condition.message)}` : null
}

const together = (reason: string, message: string | undefined) => (message ? `${reason}: ${message}` : reason)
