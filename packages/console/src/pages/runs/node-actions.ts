import type { InstanceDetail } from '@carillon/contract'

export type NodeAction = 'approve' | 'reject' | 'run' | 'skip' | 'cancel' | 'retry'

type Facts = Pick<InstanceDetail, 'state' | 'waitReason' | 'endedAt' | 'shardIndex' | 'shardTotal'>

/** What may be done with one node of a run that goes on, by its state (docs/concepts/dag-control.md). The server decides all the same. */
export function actionsFor({ state, waitReason, shardTotal }: Facts): readonly NodeAction[] {
  if (state === 'FAILED' || state === 'TIMEOUT' || state === 'CANCELLED' || state === 'LOST') return ['retry']
  if (state === 'RUNNING' || state === 'RESERVED') return ['cancel']
  if (state !== 'WAITING' && state !== 'PENDING') return []
  const first: readonly NodeAction[] = waitReason === 'APPROVAL' ? ['approve', 'reject'] : waitReason === 'TIME' ? ['run'] : []
  // An element of a fan-out is cancelled, not marked as done.
  return [...first, ...(shardTotal > 1 ? [] : (['skip'] as const)), 'cancel']
}
