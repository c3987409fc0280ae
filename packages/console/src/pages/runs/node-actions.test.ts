import { expect, test } from 'vitest'
import { actionsFor } from './node-actions.ts'

const node = (state: string, waitReason: string | null = null, shardTotal = 1) =>
  ({ state, waitReason, endedAt: null, shardIndex: 0, shardTotal }) as Parameters<typeof actionsFor>[0]

test.each([
  [node('WAITING', 'DEPENDENCY'), ['skip', 'cancel']],
  [node('WAITING', 'APPROVAL'), ['approve', 'reject', 'skip', 'cancel']],
  [node('WAITING', 'TIME'), ['run', 'skip', 'cancel']],
  [node('PENDING'), ['skip', 'cancel']],
  [node('PENDING', null, 5), ['cancel']],
  [node('RUNNING'), ['cancel']],
  [node('FAILED'), ['retry']],
  [node('LOST'), ['retry']],
  [node('SUCCESS'), []],
  [node('SKIPPED'), []],
])('%j offers %j', (facts, actions) => expect(actionsFor(facts)).toEqual(actions))
