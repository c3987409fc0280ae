import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Rejected, runnerHandlers, type RunnerOptions } from './index.ts'
import { refusalOf } from './egress.ts'

interface Heard {
  readonly path: string
  readonly headers: Record<string, unknown>
  readonly body: unknown
}

let server: Server
let url: string
let heard: Heard[]
/** What the other side answers, by path. */
let answers: Record<string, [status: number, body?: string]>
let onHeard: () => void
beforeAll(async () => {
  server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      heard.push({ path: request.url!, headers: request.headers, body: JSON.parse(text) })
      onHeard()
      const [status, body = '{}'] = answers[request.url!] ?? [200]
      response.writeHead(status, { location: 'http://169.254.169.254/' }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  heard = []
  answers = {}
  onHeard = () => undefined
})

const OPEN = { allowPrivate: true, privateTargets: [] }
const CLOSED = { allowPrivate: false, privateTargets: [] }

function run(name: string, params: Record<string, unknown>, instance: TestInstance = {}, options: RunnerOptions = {}) {
  const handler = runnerHandlers(['message'], { egressOf: () => OPEN, ...options }).find((each) => each.name === name)!
  return runHandler(handler, { params, ...instance })
}

describe('TYP-5 a webhook', () => {
  it('is sent to each address, signed, with a key that is the same for every attempt', async () => {
    const params = { to: [`${url}/a`, `${url}/b`], body: { state: 'done' }, signingKey: 'k' }
    const first = await run('webhook', params, { idempotencyKey: '1-7' })
    expect(first).toMatchObject({ outcome: 'SUCCESS', output: { sent: 2, rejected: [] } })
    await run('webhook', params, { idempotencyKey: '1-7', attempt: 2 })
    const signature = `sha256=${createHmac('sha256', 'k').update('{"state":"done"}').digest('hex')}`
    expect(heard.map(({ headers, body }) => [headers['carillon-signature'], body])).toEqual(
      Array.from({ length: 4 }, () => [signature, { state: 'done' }]),
    )
    const keys = heard.map(({ path, headers }) => `${path} ${String(headers['idempotency-key'])}`)
    expect(new Set(keys).size).toBe(2)
  })

  it('that is refused is told while the others go on; one that is out of order fails the attempt, to be tried again', async () => {
    answers = { '/gone': [410, 'gone'], '/broken': [503], '/moved': [302] }
    const some = await run('webhook', { to: [`${url}/gone`, `${url}/moved`, `${url}/ok`], body: 1 })
    expect(some.output).toMatchObject({ sent: 1, rejected: [{ to: `${url}/gone` }, { to: `${url}/moved` }] })
    expect(await run('webhook', { to: [`${url}/gone`], body: 1 })).toMatchObject({
      error: { code: 'MESSAGE_REJECTED' },
      retriable: false,
    })
    expect(await run('webhook', { to: [`${url}/broken`], body: 1 })).toMatchObject({
      error: { code: 'WEBHOOK_FAILED' },
      retriable: true,
    })
    expect(heard.map(({ path }) => path)).not.toContain('/')
  })

  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '0x7f.1', '169.254.169.254'])(
    'does not reach %s unless whoever runs the executor allows it',
    async (host) => {
      const to = [`http://${host}:${new URL(url).port}/`]
      const refused = await run('webhook', { to, body: 1 }, {}, { egressOf: () => CLOSED })
      expect(refused).toMatchObject({ error: { code: 'EGRESS_REFUSED' }, retriable: false })
      expect(heard).toEqual([])
    },
  )
})

describe('What an administrator has allowed a tenant', () => {
  const allowed = (...privateTargets: string[]) => ({ allowPrivate: false, privateTargets })

  it('is reached by its webhooks, chats and text messages, and by no other tenant', async () => {
    const egressOf = (tenant: number) => (tenant === 7 ? allowed('127.0.0.1') : CLOSED)
    const messages = [
      ['webhook', { to: [url], body: 1 }],
      ['chat', { webhook: url, format: 'slack', text: 'hello' }],
      ['sms', { account: JSON.stringify({ url }), to: ['+1'], text: 'hello' }],
    ] as const
    for (const [name, params] of messages) {
      expect(await run(name, params, { tenant: 7 }, { egressOf }), name).toMatchObject({ outcome: 'SUCCESS' })
      expect(await run(name, params, { tenant: 8 }, { egressOf }), name).toMatchObject({ error: { code: 'EGRESS_REFUSED' } })
    }
    expect(heard).toHaveLength(3)
  })

  it('is a range, an address or a name, and never what is never called', () => {
    const egress = allowed('10.20.0.0/16', '127.0.0.1', 'fd12::/32', 'billing.internal', 'fc00::/7', '100.64.0.0/10')
    for (const address of ['10.20.1.2', '::ffff:10.20.1.2', '127.0.0.1', 'fd12::7'])
      expect(refusalOf(address, egress), address).toBeNull()
    for (const address of ['10.21.0.1', '127.0.0.2', '::1', '192.168.0.1', '100.100.100.200', 'fd00:ec2::254', '169.254.169.254'])
      expect(refusalOf(address, egress, 'other.internal'), address).not.toBeNull()
    expect(refusalOf('192.168.0.1', egress, 'billing.internal')).toBeNull()
    for (const address of ['127.0.0.2', '::1', 'fe80::1', '169.254.169.254'])
      expect(refusalOf(address, egress, 'billing.internal'), address).not.toBeNull()
  })
})

it.each(['::7f00:1', '::a9fe:a9fe', '64:ff9b:1::a00:1', 'fec0::1', '2002:a00:1::'])(
  'an IPv6 address that is neither public nor of a private network is never called: %s',
  (address) => {
    expect(refusalOf(address, CLOSED)).not.toBeNull()
    expect(refusalOf(address, OPEN)).not.toBeNull()
  },
)

it('metadata services are never called, private addresses where they are allowed', () => {
  for (const address of [
    '169.254.169.254',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0.0.0.0',
    '224.0.0.1',
  ])
    expect(refusalOf(address, OPEN), address).not.toBeNull()
  for (const address of ['10.1.2.3', '192.168.0.1', '127.0.0.1', '::1', 'fe80::1', '::ffff:10.0.0.1']) {
    expect(refusalOf(address, CLOSED), address).toContain('private')
    expect(refusalOf(address, OPEN), address).toBeNull()
  }
  expect([refusalOf('93.184.216.34', CLOSED), refusalOf('2606:2800:220:1::1', CLOSED)]).toEqual([null, null])
})

describe('TYP-5 a chat message', () => {
  it.each([
    ['slack', { text: 'Run 7 is done' }],
    ['discord', { content: 'Run 7 is done' }],
    ['feishu', { msg_type: 'text', content: { text: 'Run 7 is done' } }],
    ['dingtalk', { msgtype: 'text', text: { content: 'Run 7 is done' } }],
    ['wecom', { msgtype: 'text', text: { content: 'Run 7 is done' } }],
  ])('is posted as %s wants it', async (format, body) => {
    const result = await run('chat', { webhook: `${url}/chat`, format, text: 'Run {{run}} is done', data: { run: 7 } })
    expect([result.outcome, heard.map((each) => each.body)]).toEqual(['SUCCESS', [body]])
  })

  it('fails where the service answers 200 and says no, and does not tell the address', async () => {
    answers = { '/chat': [200, '{"errcode":310000,"errmsg":"keywords not in content"}'] }
    const result = await run('chat', { webhook: `${url}/chat`, format: 'dingtalk', text: 'x' })
    expect(result.error!.message).toContain('keywords not in content')
    expect(JSON.stringify(result)).not.toContain(url)
  })
})

describe('TYP-5 a text message', () => {
  const to = [
    { to: '+491', data: { code: 11 } },
    { to: '+492', data: { code: 22 } },
  ]

  it('goes to a gateway that takes JSON', async () => {
    const account = JSON.stringify({ url: `${url}/sms`, headers: { authorization: 'Bearer x' } })
    expect((await run('sms', { account, to, text: 'Code {{code}}' })).output).toMatchObject({ sent: 2 })
    expect(heard.toSorted((a, b) => JSON.stringify(a.body).localeCompare(JSON.stringify(b.body)))).toMatchObject([
      { body: { to: '+491', text: 'Code 11' }, headers: { authorization: 'Bearer x' } },
      { body: { to: '+492', text: 'Code 22' } },
    ])
  })

  it('goes through the provider whose plug-in the executor has, and through no other', async () => {
    const sent: string[] = []
    const acme = {
      name: 'acme',
      async send(message: { to: string; text: string; account: string }) {
        if (message.to === '+492') throw new Rejected('no such number')
        sent.push(`${message.account}: ${message.to} ${message.text}`)
      },
    }
    const result = await run('sms', { provider: 'acme', account: 'key', to, text: 'Code {{code}}' }, {}, { smsProviders: [acme] })
    expect([sent, result.output]).toEqual([
      ['key: +491 Code 11'],
      { sent: 1, rejected: [{ to: '+492', reason: 'no such number' }] },
    ])
    expect(await run('sms', { provider: 'other', account: 'key', to, text: 'x' })).toMatchObject({
      error: { code: 'SMS_PROVIDER' },
    })
  })
})

describe('an e-mail', () => {
  it('is not sent where the server is no SMTP server, cannot be reached, or may not be', async () => {
    const params = { from: 'a@b.test', to: ['c@d.test'], subject: 'x', text: 'y' }
    const failed = (smtp: string, options?: RunnerOptions) => run('email', { ...params, smtp }, {}, options)
    expect(await failed(url)).toMatchObject({ error: { code: 'SMTP_SERVER' }, retriable: false })
    expect(await failed('smtp://127.0.0.1:1')).toMatchObject({ error: { code: 'SMTP_FAILED' }, retriable: true })
    expect(await failed('smtp://127.0.0.1:1', { egressOf: () => CLOSED })).toMatchObject({ error: { code: 'EGRESS_REFUSED' } })
  })
})

it('a cancelled push stops between its batches', async () => {
  const stop = new AbortController()
  onHeard = () => stop.abort(new Error('stopped'))
  const to = Array.from({ length: 30 }, (_, index) => `${url}/${index}`)
  const running = run('webhook', { to, body: 1, batchSize: 10 }, { signal: stop.signal })
  expect((await running).outcome).toBe('FAILURE')
  expect(heard.length).toBeLessThanOrEqual(10)
})
