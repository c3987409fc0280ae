import type { ClaimAnswer } from '@carillon/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { privateTargetsOf, type EgressRules } from '../lifecycle/private-targets.ts'
import { startTestApi, type TestApi } from './api.test-helper.ts'
import { executorHandlers } from './executor-api.ts'

describe('Where the work of a tenant may go', () => {
  const targets = privateTargetsOf(['10.20.0.0/16', 'billing.internal'])
  const rules: Readonly<Record<number, EgressRules>> = { 7: { allowPrivate: false, targets }, 8: { allowPrivate: true } }
  const egressOf = (tenant: number): EgressRules => rules[tenant] ?? { allowPrivate: false }

  /** A claim of an executor of this tenant that brings work of those tenants. */
  function claim(ofTenant: number, tenants: readonly number[]): Promise<ClaimAnswer> {
    const answer = { assignments: tenants.map((tenant) => ({ tenant })), control: {} } as unknown as ClaimAnswer
    const traffic = { claim: async () => answer } as unknown as ExecutorTraffic
    const call = executorHandlers(traffic, { egressOf, callbackBase: () => null }).claim as (
      call: object,
      context: object,
    ) => Promise<ClaimAnswer>
    return call({ body: {} }, { principal: { tenantId: ofTenant } })
  }

  test('an executor of the platform is told with the work, of each tenant once', async () => {
    expect((await claim(1, [7, 9, 7, 8])).egress).toEqual([
      { tenant: 7, allowPrivate: false, privateTargets: ['10.20.0.0/16', 'billing.internal'] },
      { tenant: 8, allowPrivate: true, privateTargets: [] },
    ])
  })

  test('one of a tenant is not, nor where there is nothing to tell', async () => {
    expect(await claim(7, [7])).not.toHaveProperty('egress')
    expect(await claim(1, [9])).not.toHaveProperty('egress')
  })
})

describe('The address of a callback', () => {
  let api: TestApi
  let token: string
  beforeAll(async () => {
    api = await startTestApi()
    const { client, id } = api.tenantA
    token = await api.token(id, 'executor')
    await client.apps.create({ body: { code: 'press' } })
    await client.taskTypes.create({ body: { code: 'print', kind: 'handler', app: 'press', settings: { handler: 'print' } } })
    await client.tasks.create({ body: { code: 'print', type: 'print' } })
  })
  afterAll(() => api.close())

  const say = async (name: string, body: object, secret = token) =>
    api.call({ method: 'POST', url: `/executor/v1/${name}`, token: secret, body })
  const register = async (instance: string): Promise<number> => {
    const body = { protocol: 1, app: 'press', instance, mode: 'PULL', handlers: ['print'], capacity: 1 }
    return (await say('register', body)).body.session
  }

  test('is given for an attempt to the session that holds it, and ends the attempt once that is let go of', async () => {
    const [holder, other] = [await register('holder'), await register('other')]
    const { runId } = await api.tenantA.client.runs.trigger({ params: { task: 'print' }, body: {} })
    const claimed = await say('claim', { session: holder, seq: 1, max: 1, waitMs: 0 })
    expect(claimed.body.assignments).toMatchObject([{ instance: runId, token: 1 }])
    const attempt = { instance: runId, token: 1 }
    const over = { state: 'OVER', url: null }
    expect((await say('callback', { session: other, ...attempt })).body).toEqual(over)
    expect((await say('callback', { session: holder, ...attempt, token: 2 })).body).toEqual(over)
    expect((await say('callback', { session: holder, ...attempt, instance: runId + 1 })).body).toEqual(over)
    // Whose it is, is no matter of what is said.
    const foreign = await api.token(api.tenantB.id, 'executor')
    expect((await say('callback', { session: holder, tenant: api.tenantA.id, ...attempt }, foreign)).status).not.toBe(200)
    const { state, url } = (await say('callback', { session: holder, ...attempt })).body
    expect([state, url]).toEqual(['OPEN', expect.stringMatching(/^http:\/\/127\.0\.0\.1:7070\/callback\/v1\/[0-9]+\./)])
    const again = await say('callback', { session: holder, ...attempt })
    expect([again.status, again.body.code]).toEqual([409, 'STATE_CONFLICT'])
    const items = [{ kind: 'DETACHED', ...attempt }]
    expect((await say('report', { session: holder, items })).body.items).toEqual([{ status: 'ACCEPTED' }])
    const called = await api.call({ method: 'POST', url: new URL(url).pathname, body: { state: 'SUCCESS', output: 3 } })
    expect(called.status).toBe(200)
    expect(await api.tenantA.client.runs.get({ params: { run: runId } })).toMatchObject({ state: 'SUCCESS' })
    expect((await say('callback', { session: holder, ...attempt })).body).toEqual(over)
  })
})
