import type { InstanceState } from '@carillon/core'

/** In the order of a life. */
export const INSTANCE_FILTER_STATES = [
  'WAITING',
  'PENDING',
  'RESERVED',
  'RUNNING',
  'SUCCESS',
  'FAILED',
  'TIMEOUT',
  'CANCELLED',
  'SKIPPED',
  'LOST',
] as const satisfies InstanceState[]
