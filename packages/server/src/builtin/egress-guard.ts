import ipaddr from 'ipaddr.js'
import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { isIn, METADATA, rangeOf, type Address, type EgressRules } from '../lifecycle/private-targets.ts'
import { webAddressProblem } from '../lifecycle/web-address.ts'

/*
 * Keeps work that tenants define from reaching what only this server can reach. What counts is the address that is dialled, at the moment
 * in which it is dialled: a name is looked up once, every answer is judged, and exactly those answers are dialled, so a name that answers
 * differently the next time gains nothing. Addresses written as such never pass a lookup, so they are judged before it.
 */

/** The work asked for a target that may not be called. Trying again would end the same way. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
  readonly code = 'EGRESS_REFUSED'
  readonly retriable = false

  constructor(message: string) {
    super(message)
    // The stack is the server's; it tells whoever wrote the task nothing.
    delete this.stack
  }
}

/** IPv6 addresses whose last 32 bits are an IPv4 address that is reached through them: mapped, compatible, NAT64. */
const EMBEDDING = ['::ffff:0:0/96', '::/96', '64:ff9b::/96'].map(rangeOf)

/** Everything that IPv6 assigns to the public. */
const GLOBAL = [rangeOf('2000::/3')]

/** What ipaddr.js calls the ranges that are somebody's own network. */
const PRIVATE: ReadonlySet<string> = new Set(['private', 'loopback', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'])

/** Of those, what a name does not open: whoever answers for the name must not choose the machine itself. */
const OWN: ReadonlySet<string> = new Set(['loopback', 'linkLocal'])

const ADVICE =
  'an administrator of the platform may allow it to the tenant (privateTargets), or to all with the setting egressAllowPrivate'

/**
 * Why an address may not be dialled, or null when it may. Public unicast addresses may; those of private networks, loopback included,
 * where the rules say so; metadata services, multicast, reserved ranges and tunnels never. `name`: what led to the address.
 *
 * @example refusalOf('10.0.0.1', { allowPrivate: false }) // 'a private address …'
 */
export function refusalOf(address: string, rules: EgressRules, name: string | null = null): string | null {
  if (!ipaddr.isValid(address)) return 'not an IP address'
  const judged = withoutEmbedding(ipaddr.parse(address))
  if (isIn(judged, METADATA)) return 'where machines get their credentials, which is never called'
  const range = judged.range()
  if (PRIVATE.has(range)) return isOpen(judged, rules, name) ? null : `a private address (${range}); ${ADVICE}`
  const isPublic = range === 'unicast' && (judged.kind() === 'ipv4' || isIn(judged, GLOBAL))
  return isPublic ? null : `not a public address (${range})`
}

function isOpen(address: Address, { allowPrivate, targets }: EgressRules, name: string | null): boolean {
  if (allowPrivate || targets === undefined) return allowPrivate
  return isIn(address, targets.ranges) || (name !== null && targets.names.has(name) && !OWN.has(address.range()))
}

/**
 * The address of a request: http or https, without credentials. Throws {@link EgressRefused}. Where its host leads is judged when it is
 * dialled.
 */
export function egressUrl(text: string): URL {
  const problem = webAddressProblem(text)
  if (problem !== null) throw new EgressRefused(`The URL ${problem}`)
  return new URL(text)
}

export interface EgressOptions extends EgressRules {
  /** Default: the system's, which knows the hosts file and search domains. */
  readonly lookup?: LookupFunction
}

/** The `connect` of an undici dispatcher that dials nothing but judged addresses. What it refuses fails with {@link EgressRefused}. */
export function guardedConnect({ lookup = systemLookup, ...rules }: EgressOptions): buildConnector.connector {
  const dial = buildConnector({ lookup: guardedLookup(lookup, rules) })
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const refusal = isIP(host) === 0 ? null : refusalOf(host, rules)
    if (refusal === null) dial(options, callback)
    else callback(new EgressRefused(`${host} is ${refusal}`), null)
  }
}

/** One bad answer spoils all: whoever mixes them hopes that the bad one is dialled. The address itself is not told, only its kind. */
function guardedLookup(lookup: LookupFunction, rules: EgressRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, '')
      const answers: LookupAddress[] = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }]
      for (const { address } of answers) {
        const refusal = refusalOf(address, rules, hostname)
        if (refusal !== null) return callback(new EgressRefused(`${hostname} leads to an address that is ${refusal}`), '')
      }
      const [first] = answers
      if (first === undefined) return callback(new Error(`${hostname} has no address`), '')
      if (options.all) callback(null, answers)
      else callback(null, first.address, first.family)
    })
  }
}

/** `::` and `::1` lie among the compatible addresses, but are what they are. */
function withoutEmbedding(address: Address): Address {
  const range = address.range()
  if (range === 'loopback' || range === 'unspecified' || !isIn(address, EMBEDDING)) return address
  return ipaddr.fromByteArray(address.toByteArray().slice(12))
}
