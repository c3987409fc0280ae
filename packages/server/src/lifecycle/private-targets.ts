import ipaddr from 'ipaddr.js'
import { isIP } from 'node:net'

/** Addresses of private networks that a tenant is allowed, as the egress guard reads them. */
export interface PrivateTargets {
  /** As they are written. */
  readonly entries: readonly string[]
  readonly ranges: readonly AddressRange[]
  /** Names of hosts, as a URL writes them. */
  readonly names: ReadonlySet<string>
}

/** Which private addresses may be dialled. Public ones always may. */
export interface EgressRules {
  /** All of them. */
  readonly allowPrivate: boolean
  /** Else these. */
  readonly targets?: PrivateTargets
}

export type Address = ipaddr.IPv4 | ipaddr.IPv6
export type AddressRange = readonly [Address, number]

export const rangeOf = (text: string): AddressRange => ipaddr.parseCIDR(text)

export function isIn(address: Address, ranges: readonly AddressRange[]): boolean {
  return ranges.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits))
}

/** Credentials and identity of the machine itself are handed out here, to whoever asks. No rule opens them. */
export const METADATA = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::/32', 'fd20:ce::254/128'].map(
  rangeOf,
)

/** What a rule may open: networks that are somebody's own. Link-local ones are the machine's, and never a tenant's. */
const OPENABLE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '::1/128', 'fc00::/7'].map(
  rangeOf,
)

/**
 * What is wrong with an entry of a tenant's private targets, or null. An entry is a range (`10.20.0.0/16`), an address (`10.20.0.7`) or the name of a
 * host (`billing.internal`).
 *
 * @example privateTargetProblem('0.0.0.0/0') // 'reaches beyond private networks; …'
 */
export function privateTargetProblem(text: string): string | null {
  const range = readRange(text)
  if (range === null) return text.includes('/') ? 'is no range; write it as 10.20.0.0/16' : nameProblem(text)
  const [address, bits] = range
  if (METADATA.some((forbidden) => lies(range, forbidden)))
    return 'is where machines get their credentials, which is never called'
  if (!OPENABLE.some((open) => lies(range, open)))
    return 'reaches beyond private networks; public addresses need no rule, others are never called'
  const first = firstOf(address, bits)
  return first.toString() === address.toString() ? null : `begins in the middle of its range; write ${first.toString()}/${bits}`
}

/**
 * What is wrong with a URL whose host is written as an address that no rule ever opens, or null. Where a name leads is judged when it is
 * dialled.
 *
 * @example forbiddenHostProblem('http://0.0.0.0:8080') // 'names no machine; …'
 */
export function forbiddenHostProblem(url: string): string | null {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(host)) return null
  const address = ipaddr.process(host)
  if (isIn(address, METADATA)) return 'is where machines get their credentials, which is never called'
  return address.range() === 'unspecified' ? 'names no machine; give the address at which the server reaches it' : null
}

/** Entries without a problem, as the guard reads them. One that has a problem opens nothing. */
export function privateTargetsOf(entries: readonly string[]): PrivateTargets {
  const sound = entries.filter((entry) => privateTargetProblem(entry) === null)
  return {
    entries: sound,
    ranges: sound.flatMap((entry) => {
      const range = readRange(entry)
      return range === null ? [] : [range]
    }),
    names: new Set(sound.filter((entry) => readRange(entry) === null)),
  }
}

/** As strictly as they are written: not every program reads `10.1` or `012.0.0.1` alike. */
function readRange(text: string): AddressRange | null {
  const [, host = '', bits] = /^([0-9a-f.:]+)(?:\/([0-9]{1,3}))?$/i.exec(text) ?? []
  const family = isIP(host)
  const all = family === 4 ? 32 : 128
  if (family === 0 || Number(bits ?? all) > all) return null
  return [ipaddr.parse(host), Number(bits ?? all)]
}

const lies = ([address, bits]: AddressRange, within: AddressRange): boolean => bits >= within[1] && isIn(address, [within])

function firstOf(address: Address, bits: number): Address {
  const range = `${address.toString()}/${bits}`
  return address.kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(range) : ipaddr.IPv6.networkAddressFromCIDR(range)
}

const NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** The guard compares it with what a URL says after it has been read, so it is written so. */
function nameProblem(text: string): string | null {
  const written = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : ''
  if (written !== text || !NAME.test(text)) return 'is neither a range as 10.20.0.0/16 nor the name of a host in lower case'
  if (text === 'localhost' || text.endsWith('.localhost')) return 'is the server itself; if that is meant, write 127.0.0.0/8'
  return null
}
