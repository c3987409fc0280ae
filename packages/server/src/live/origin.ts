/**
 * Whether a page of this server itself opens the connection. A browser sends cookies along with a WebSocket that any page opens, and lets that page
 * read the answers: CORS does not stand before it. Programs name no origin.
 *
 * @param host as the client has called this server: `carillon.example.org`, `127.0.0.1:7070`
 */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const { protocol, host: page } = addressOf(origin) ?? {}
  // Read with the protocol of the page, so that its default port is the same with and without being written.
  return page !== undefined && addressOf(`${protocol}//${host}`)?.host === page
}

function addressOf(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null
}
