import { createHash } from 'node:crypto'
import type { HandlerContext } from '@carillon/executor'

/**
 * Whose containers these are. It must outlive the process, or what a crash leaves behind is never found: an executor that starts anew under
 * the same identity removes it.
 */
export interface Identity {
  readonly text: string
  /** Short, and of the characters that labels of Kubernetes may have. */
  readonly hash: string
}

export function identityOf(text: string): Identity {
  return { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 16) }
}

/** By which containers are found: of this executor, and of this attempt. The token rises with every attempt. */
export const EXECUTOR_LABEL = 'carillon.executor'
const INSTANCE_LABEL = 'carillon.instance'
const TOKEN_LABEL = 'carillon.token'

export function labelsOf({ tenant, run, instance, attempt, token }: HandlerContext, { hash }: Identity): Record<string, string> {
  return {
    [EXECUTOR_LABEL]: hash,
    'carillon.tenant': String(tenant),
    'carillon.run': String(run),
    [INSTANCE_LABEL]: String(instance),
    'carillon.attempt': String(attempt),
    [TOKEN_LABEL]: String(token),
  }
}

export type Labels = Readonly<Record<string, string>> | undefined

export const heldKey = (labels: Labels): string => `${labels?.[INSTANCE_LABEL]}:${labels?.[TOKEN_LABEL]}`

/** The same for an attempt whenever it is asked: what was made, though its answer was lost, is found by it. */
export const nameOf = ({ instance, token }: HandlerContext, { hash }: Identity): string =>
  `carillon-${hash.slice(0, 8)}-${instance}-${token}`
