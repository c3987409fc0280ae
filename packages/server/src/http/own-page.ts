import { CarillonError } from '@carillon/core'

/** What a request says of the page that sent it. */
export interface Sender {
  readonly method: string
  /** As the server was called: `scheduler.example.org:7070`. */
  readonly host: string
  readonly origin: string | undefined
  /** The header that only our own pages can send: another site's would have to ask first, and is told no. */
  readonly marked: boolean
}

/**
 * A cookie travels with whatever request a browser makes, whoever made it do so. So whoever changes something by it must come from a page of
 * this server: it sends a header that no form can, and an origin, if any, that is ours.
 */
export function assertOwnPage(sender: Sender, ownHosts: readonly string[]): void {
  if (sender.method === 'GET') return
  if (!sender.marked)
    throw new CarillonError(
      'FORBIDDEN',
      'A request with the cookie of a session that changes something needs the header `carillon-tenant: <code>` or `carillon-console: 1`.',
    )
  assertOwnOrigin(sender, ownHosts)
}

export function assertOwnOrigin({ origin, host }: Pick<Sender, 'origin' | 'host'>, ownHosts: readonly string[]): void {
  if (origin === undefined || [host, ...ownHosts].includes(hostOf(origin))) return
  throw new CarillonError(
    'FORBIDDEN',
    `This was sent by a page of ${origin.slice(0, 200)}, while this server was called as ${host.slice(0, 200)}. Behind a proxy, let it pass the header Host on, or set publicUrl.`,
  )
}

/** Empty for `null` and whatever else is no origin. */
function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}
