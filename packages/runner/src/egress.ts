import type { Egress } from '@carillon/executor'
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/*
 * Keeps messages that tenants send from reaching what only this machine can reach. A name is looked up once, every answer is judged, and
 * a judged address is dialled, so a name that answers differently the next time gains nothing.
 */

/** The work asked for a target that may not be called. Trying again would end the same way. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
  readonly code = 'EGRESS_REFUSED'
  readonly retriable = false
}

/** Credentials and identity of the machine itself are handed out here; and what is nobody's address. Never dialled. */
const NEVER = blockList(
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['fd00:ec2::', 32],
  ['fd20:ce::254', 128],
  ['::', 128],
  ['64:ff9b::', 96],
  ['2002::', 16],
  ['2001::', 32],
  ['ff00::', 8],
)

const PRIVATE = blockList(
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
)

/** Everything that IPv6 assigns to the public: whatever else is no private network leads through translators and tunnels to one. */
const PUBLIC_IPV6 = blockList(['2000::', 3])

/** The machine itself: whoever answers for a name must not choose it. */
const OWN = blockList(['127.0.0.0', 8], ['::1', 128], ['fe80::', 10])

const ADVICE =
  'whoever runs the executor may allow all of them (--allow-private), or those that an administrator of the platform allows the tenant (--allow-private tenants)'

export interface EgressOptions {
  /** Where messages of a tenant may go. */
  egressOf(tenant: number): Egress
}

export const NOWHERE_PRIVATE: Egress = { allowPrivate: false, privateTargets: [] }

function blockList(...ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [address, bits] of ranges) list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return list
}

/**
 * An address of the host that may be dialled. Throws {@link EgressRefused} where one of its addresses may not: whoever mixes them hopes
 * that the bad one is dialled.
 */
export async function judgedAddress(host: string, egress: Egress): Promise<string> {
  const name = host.replace(/^\[|\]$/g, '')
  const addresses = isIP(name) ? [name] : (await lookup(name, { all: true })).map(({ address }) => address)
  for (const address of addresses) {
    const refusal = refusalOf(address, egress, name)
    if (refusal !== null) throw new EgressRefused(`${name} leads to an address that is ${refusal}`)
  }
  return addresses[0]!
}

/** Why an address may not be dialled, or null when it may. `name`: what led to the address. */
export function refusalOf(address: string, egress: Egress, name: string | null = null): string | null {
  const plain = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  // Mapped addresses in hexadecimal have no honest use.
  if (/^::ffff:/i.test(plain)) return 'no plain address'
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (NEVER.check(plain, family)) return 'never called'
  if (!PRIVATE.check(plain, family)) return family === 'ipv4' || PUBLIC_IPV6.check(plain, family) ? null : 'not a public address'
  if (egress.allowPrivate) return null
  const { ranges, names } = targetsOf(egress)
  if (ranges.check(plain, family) || (name !== null && names.has(name) && !OWN.check(plain, family))) return null
  return `private; ${ADVICE}`
}

interface Targets {
  readonly ranges: BlockList
  readonly names: ReadonlySet<string>
}

const known = new WeakMap<Egress, Targets>()

/** The server has checked what it sends. */
function targetsOf(egress: Egress): Targets {
  const before = known.get(egress)
  if (before) return before
  const parts = egress.privateTargets.map((entry) => [entry, ...entry.split('/')] as const)
  const isAddress = ([, address]: readonly string[]) => isIP(address!) !== 0
  const ranges = parts
    .filter(isAddress)
    .map(([, address, bits]) => [address!, Number(bits ?? (isIP(address!) === 6 ? 128 : 32))] as const)
  const targets = {
    ranges: blockList(...ranges),
    names: new Set(parts.filter((part) => !isAddress(part)).map(([entry]) => entry)),
  }
  known.set(egress, targets)
  return targets
}
