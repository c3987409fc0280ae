import { SESSION_COOKIE } from '@carillon/contract'

const VALUE = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=(carillon_[A-Za-z0-9_-]{43})(?:;|$)`)

/** The secret in the header `cookie`. */
export function sessionSecretOf(cookie: string | undefined): string | undefined {
  return cookie === undefined ? undefined : VALUE.exec(cookie)?.[1]
}

/** No script can read it, no other site has it sent, and over TLS it never leaves it. */
export function sessionCookie(secret: string, maxAgeMs: number, secure: boolean): string {
  const attributes = [
    'Path=/',
    `Max-Age=${Math.floor(maxAgeMs / 1000)}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ]
  return [`${SESSION_COOKIE}=${secret}`, ...attributes].join('; ')
}

export function noSessionCookie(secure: boolean): string {
  return sessionCookie('', 0, secure)
}
