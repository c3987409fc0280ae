/**
 * Thrown by a handler to fail for good: the retry policy is not asked.
 *
 * @example throw new FatalError('The account is closed', { code: 'ACCOUNT_CLOSED' })
 */
export class FatalError extends Error {
  readonly code: string
  readonly retriable = false

  constructor(message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FatalError'
    this.code = options.code ?? 'FATAL'
  }
}
