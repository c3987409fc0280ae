import type { InstanceState, RunState } from '@carillon/core'
import type { Style } from './terminal.ts'

/** How a state looks: red wants attention, green ended well, yellow goes on. */
const STYLES: Readonly<Record<InstanceState | RunState, Style | null>> = {
  WAITING: null,
  PENDING: null,
  RESERVED: 'yellow',
  RUNNING: 'yellow',
  PAUSED: 'yellow',
  SUCCESS: 'green',
  FAILED: 'red',
  TIMEOUT: 'red',
  LOST: 'red',
  CANCELLED: 'dim',
  SKIPPED: 'dim',
}

export const styleOfState = (state: InstanceState | RunState): Style | null => STYLES[state]
