import { createServer, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { Client } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { privateTargetsOf } from '../lifecycle/private-targets.ts'
import { EgressRefused, egressUrl, guardedConnect, refusalOf, type EgressOptions } from './egress-guard.ts'

let requests = 0
let server: Server
let port: number
beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1
    response.end('reached')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** A resolver that gives these answers, one set a call; the last set stays. */
function answering(...sets: readonly (readonly string[])[]): LookupFunction & { asked: number } {
  const lookup = (_name: string, _options: unknown, callback: Parameters<LookupFunction>[2]) => {
    const set = sets[Math.min(lookup.asked, sets.length - 1)] ?? []
    lookup.asked += 1
    callback(
      null,
      set.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  lookup.asked = 0
  return lookup as LookupFunction & { asked: number }
}

/** What comes of a request on a connection of its own: the text, or the code of the failure. */
async function get(host: string, options: EgressOptions): Promise<string> {
  const client = new Client(`http://${host}:${port}`, { connect: guardedConnect(options) })
  try {
    const { body } = await client.request({ method: 'GET', path: '/' })
    return await body.text()
  } catch (error) {
    return String((error as { code?: unknown }).code)
  } finally {
    await client.destroy()
  }
}

const closed = { allowPrivate: false }
const open = { allowPrivate: true }

describe('Where private addresses are closed', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '0x7f000001',
    '0x7f.1',
    '017700000001',
    '2130706433',
    '①②⑦.⓪.⓪.①',
    '127.0.0.1.',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::127.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    'localhost',
  ])('http://%s is not called', async (host) => {
    const before = requests
    expect(await get(host, closed)).toBe('EGRESS_REFUSED')
    expect(requests).toBe(before)
  })

  it('a public name that leads to a private address is not called', async () => {
    expect(await get('localtest.example', { ...closed, lookup: answering(['127.0.0.1']) })).toBe('EGRESS_REFUSED')
    expect(await get('localtest.example', { ...closed, lookup: answering(['::1']) })).toBe('EGRESS_REFUSED')
  })

  it('a name that leads to public and private addresses is not called at all', async () => {
    const before = requests
    for (const answers of [
      ['8.8.8.8', '127.0.0.1'],
      ['127.0.0.1', '8.8.8.8'],
    ]) {
      expect(await get('mixed.example', { ...closed, lookup: answering(answers) })).toBe('EGRESS_REFUSED')
    }
    expect(requests).toBe(before)
  })

  it('a refusal tells the kind of address that a name leads to, not the address', async () => {
    const connect = guardedConnect({ ...closed, lookup: answering(['10.1.2.3']) })
    const error = await new Promise<Error | null>((resolve) =>
      connect({ hostname: 'internal.example', protocol: 'http:', port: '80' }, (...[error]) => resolve(error)),
    )
    expect(error).toBeInstanceOf(EgressRefused)
    expect(error?.message).toContain('internal.example leads to an address that is a private address (private)')
    expect(error?.message).not.toContain('10.1.2.3')
  })
})

describe('A name that alternates', () => {
  it('is looked up once for each connection, and what was judged is what is dialled', async () => {
    const lookup = answering(['127.0.0.1'], ['10.255.255.1'])
    expect(await get('rebind.example', { ...open, lookup })).toBe('reached')
    expect(lookup.asked).toBe(1)
  })

  it('is judged again for the next connection', async () => {
    const lookup = answering(['127.0.0.1'], ['169.254.169.254'])
    expect(await get('rebind.example', { ...open, lookup })).toBe('reached')
    expect(await get('rebind.example', { ...open, lookup })).toBe('EGRESS_REFUSED')
  })
})

describe('Where private addresses are open', () => {
  it.each(['127.0.0.1', '2130706433', 'localhost'])('http://%s is called', async (host) => {
    expect(await get(host, open)).toBe('reached')
  })

  it.each([
    '169.254.169.254',
    '0xa9fea9fe',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '[::ffff:169.254.169.254]',
    '[::169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '0.0.0.0',
    '[::]',
    '255.255.255.255',
    '224.0.0.1',
    '[ff02::1]',
  ])('http://%s is still not called', async (host) => {
    expect(await get(host, open)).toBe('EGRESS_REFUSED')
  })

  it.each(['::1', '::ffff:127.0.0.1', 'fe80::1', 'fd00::1', '10.0.0.1', '100.64.0.1'])('%s may be dialled', (address) =>
    expect(refusalOf(address, open)).toBeNull(),
  )

  it('a name that leads to a metadata service is still not called', async () => {
    const lookup = answering(['169.254.169.254'])
    expect(await get('metadata.google.internal', { ...open, lookup })).toBe('EGRESS_REFUSED')
  })
})

describe('Where a tenant is allowed some private targets', () => {
  const allowed = (...entries: string[]) => ({ allowPrivate: false, targets: privateTargetsOf(entries) })

  it.each(['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', 'service.example'])(
    'an address within its range is called however it is written: %s',
    async (host) => {
      expect(await get(host, { ...allowed('127.0.0.0/8'), lookup: answering(['127.0.0.1']) })).toBe('reached')
    },
  )

  it.each(['127.0.0.2', '127.0.2', '2130706434', '[::1]', '[::ffff:127.0.0.2]', '[64:ff9b::7f00:2]', '10.0.0.1', '0.0.0.0'])(
    'one beside it is not, however it is written: %s',
    async (host) => expect(await get(host, allowed('127.0.0.1'))).toBe('EGRESS_REFUSED'),
  )

  it('a name that led into its range is judged again for the next connection', async () => {
    const options = { ...allowed('127.0.0.1'), lookup: answering(['127.0.0.1'], ['127.0.0.2']) }
    expect(await get('rebind.example', options)).toBe('reached')
    expect(await get('rebind.example', options)).toBe('EGRESS_REFUSED')
  })

  it('a name that leads into its range and beside it is not called at all', async () => {
    const before = requests
    for (const answers of [
      ['127.0.0.1', '10.0.0.1'],
      ['10.0.0.1', '127.0.0.1'],
    ])
      expect(await get('mixed.example', { ...allowed('127.0.0.1'), lookup: answering(answers) })).toBe('EGRESS_REFUSED')
    expect(requests).toBe(before)
  })

  it.each(['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254', '::ffff:100.100.100.200', 'fe80::1'])(
    'no range and no name opens %s',
    (address) => {
      const rules = allowed('100.64.0.0/10', 'fc00::/7', '10.0.0.0/8', '127.0.0.0/8', 'metadata.internal')
      expect(refusalOf(address, rules)).not.toBeNull()
      expect(refusalOf(address, rules, 'metadata.internal')).not.toBeNull()
    },
  )

  it('a name opens the private addresses that it leads to, but not the machine itself, nor the address without the name', () => {
    const rules = allowed('billing.internal')
    for (const address of ['10.1.2.3', '192.168.0.1', 'fd00::1']) {
      expect(refusalOf(address, rules, 'billing.internal')).toBeNull()
      expect(refusalOf(address, rules)).not.toBeNull()
    }
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0'])
      expect(refusalOf(address, rules, 'billing.internal')).not.toBeNull()
  })

  it('a name is dialled where it leads into a private network', async () => {
    const options = { ...allowed('billing.internal'), lookup: answering(['fd9b:6d1c:2f03::1']) }
    // Nobody is there, which is found out only by dialling.
    expect(await get('billing.internal', options)).not.toBe('EGRESS_REFUSED')
    expect(await get('billing.example', options)).toBe('EGRESS_REFUSED')
  })

  it.each(['other.internal', 'x.billing.internal', 'billing.internal.evil.example', 'billing.internal.', 'billing'])(
    'a name opens nothing to another: %s',
    async (name) => {
      const options = { ...allowed('billing.internal'), lookup: answering(['10.255.255.1']) }
      expect(await get(name, options)).toBe('EGRESS_REFUSED')
    },
  )
})

describe('An address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'of the public may be dialled: %s',
    (address) => expect(refusalOf(address, closed)).toBeNull(),
  )

  it.each([
    '2001:db8::1',
    '2002:808:808::1',
    '2001::1',
    '3fff::1',
    '4000::1',
    '::ffff:0:8.8.8.8',
    '100::1',
    'fec0::1',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    'nonsense',
    '',
  ])('of documentation, tunnels, reserved ranges or nothing at all never may: %s', (address) => {
    expect(refusalOf(address, closed)).not.toBeNull()
    expect(refusalOf(address, open)).not.toBeNull()
  })
})

describe('The URL of a request', () => {
  it.each([
    ['http://example.com', 'example.com'],
    ['https://example.com:8443/path?query#part', 'example.com:8443'],
    ['http://example.com:5432', 'example.com:5432'],
  ])('may be %s', (text, host) => expect(egressUrl(text).host).toBe(host))

  it.each([
    'file:///etc/passwd',
    'gopher://127.0.0.1:25/_HELO',
    'ftp://example.com',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/info',
    'data:text/plain,hello',
    'javascript:alert(1)',
    'http://user@example.com',
    'http://user:password@example.com',
    'http://:password@example.com',
    'http://example.com:0',
    'http://example.com:65536',
    'http://example.com/\r\nhost: other',
    'http://exam\tple.com',
    'http://example.com/a b',
    'http://',
    '//example.com',
    '/path',
    '',
  ])('may not be %j', (text) => expect(() => egressUrl(text)).toThrow(EgressRefused))
})
