import type { ClaimAnswer, TenantEgress } from '@carillon/contract'
import { expect, it } from 'vitest'
import type { Connection } from './connection.ts'
import { hearEgress } from './hear-egress.ts'

const OPEN: TenantEgress = { tenant: 7, allowPrivate: false, privateTargets: ['10.20.0.0/16', 'billing.internal'] }
const ALL: TenantEgress = { tenant: 8, allowPrivate: true, privateTargets: [] }
const CLOSED = { allowPrivate: false, privateTargets: [] }

/** One whose claims bring work of these tenants, one after the other. */
function hearing(...answers: readonly { readonly tenants: readonly number[]; readonly egress?: TenantEgress[] }[]) {
  const left = [...answers]
  const way = {
    claim: async () => {
      const { tenants, egress } = left.shift()!
      return { assignments: tenants.map((tenant) => ({ tenant })), ...(egress && { egress }) } as unknown as ClaimAnswer
    },
  } as unknown as Connection
  const { connection, egressOf } = hearEgress(way)
  const hear = () => connection.claim({ session: 1, seq: 1, max: 1, waitMs: 0 }, new AbortController().signal)
  return { hear, egressOf }
}

it('Work of a tenant may go where the server has said with it, and of what it has said nothing of nothing is open', async () => {
  const { hear, egressOf } = hearing({ tenants: [7, 8, 9], egress: [OPEN, ALL] })
  expect([7, 8].map(egressOf)).toEqual([CLOSED, CLOSED])
  await hear()
  const { tenant: _, ...open } = OPEN
  expect([7, 8, 9].map(egressOf)).toEqual([open, { allowPrivate: true, privateTargets: [] }, CLOSED])
})

it('What is not said any more with the newest work of a tenant is closed; that of others stays the very same', async () => {
  const { hear, egressOf } = hearing({ tenants: [7, 8], egress: [OPEN, ALL] }, { tenants: [8] }, { tenants: [] })
  await hear()
  const before = egressOf(7)
  await hear()
  expect(egressOf(8)).toEqual(CLOSED)
  await hear()
  expect(egressOf(7)).toBe(before)
})
