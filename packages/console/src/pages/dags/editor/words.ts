import type { TriggerRule } from '@carillon/core'

/** In the order in which they are offered. */
export const TRIGGER_RULES_OF_FORM = [
  'ALL_SUCCESS',
  'ALL_DONE',
  'ONE_SUCCESS',
  'ONE_FAILED',
  'NONE_FAILED',
  'ALWAYS',
] as const satisfies TriggerRule[]
