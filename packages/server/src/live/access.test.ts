import type { LiveTopic } from '@carillon/contract'
import { CarillonError, type ErrorCode } from '@carillon/core'
import { expect, test } from 'vitest'
import type { Principal } from '../http/auth.ts'
import { checkAccess } from './access.ts'

const shop: LiveTopic = { kind: 'overview', tenant: 'shop' }
const bank: LiveTopic = { kind: 'overview', tenant: 'bank' }
const open = [{ topic: shop }, { topic: bank }]

/** `answers`: how asking who it is ends, in general and for a tenant; left out: well. */
async function checked(answers: { readonly me?: Error; readonly shop?: Error; readonly bank?: Error }) {
  const answer = async (error: Error | undefined) => {
    if (error) throw error
    return {} as Principal
  }
  const ended: string[] = []
  const standing = await checkAccess(
    {
      identify: () => answer(answers.me),
      authenticate: (tenant) => answer(answers[tenant as 'shop' | 'bank']),
      accessOf: () => 'run.trigger',
    },
    open,
    ({ topic }, { code }) => ended.push(`${topic.tenant}: ${code}`),
  )
  return { standing, ended }
}

const refused = (code: ErrorCode) => new CarillonError(code, 'No.')

test('a client that is who it was keeps everything', async () => {
  expect(await checked({})).toEqual({ standing: 'KNOWN', ended: [] })
})

test('what it may not see any more is ended, the rest is kept', async () => {
  expect(await checked({ bank: refused('FORBIDDEN') })).toEqual({ standing: 'KNOWN', ended: ['bank: FORBIDDEN'] })
})

test('a client that has signed out is nobody, even if some of it could not be asked', async () => {
  const { standing } = await checked({ me: refused('UNAUTHENTICATED'), shop: new Error('The database is away.') })
  expect(standing).toBe('NOBODY')
})

test('while it cannot be asked nothing is ended', async () => {
  expect(await checked({ bank: new Error('The database is away.') })).toEqual({ standing: 'UNSURE', ended: [] })
  expect(await checked({ me: refused('UNAVAILABLE') })).toEqual({ standing: 'UNSURE', ended: [] })
})
