const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody listens at its address',
  ENOTFOUND: 'Its host has no address',
  EAI_AGAIN: 'Its host could not be looked up',
  EHOSTUNREACH: 'Its host cannot be reached',
  ENETUNREACH: 'Its network cannot be reached',
  ECONNRESET: 'It closed the connection without an answer',
  UND_ERR_SOCKET: 'It closed the connection without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'It could not be connected to in time',
  UND_ERR_HEADERS_TIMEOUT: 'It did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'Its answer did not end in time',
  ANSWER_TOO_LONG: 'Its answer is too long',
}

/** Why an executor could not be called. Of the errors of the network nothing is told but their kind; those of the egress guard are made to be read. */
export function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: string }
  if (code === 'EGRESS_REFUSED') return `It may not be called: ${message}`
  if (name === 'TimeoutError') return 'It did not answer in time'
  const reason = typeof code === 'string' ? REASONS[code] : undefined
  return reason ?? `It could not be asked${typeof code === 'string' ? ` (${code})` : ''}`
}
