import { CarillonError, type ErrorCode } from '@carillon/core'

/**
 * What a failed call means to the caller. REFUSED: this request will never be accepted as it is. FORBIDDEN: this executor is not let in.
 * AWAY: the server did not answer, or not now; the same request again may succeed.
 */
export type FailedCall = 'SESSION_ENDED' | 'REFUSED' | 'FORBIDDEN' | 'AWAY'

const MEANING: Partial<Record<ErrorCode, FailedCall>> = {
  SESSION_ENDED: 'SESSION_ENDED',
  MALFORMED_REQUEST: 'REFUSED',
  VALIDATION_FAILED: 'REFUSED',
  TOO_LARGE: 'REFUSED',
  UNSUPPORTED_MEDIA_TYPE: 'REFUSED',
  PROTOCOL_UNSUPPORTED: 'FORBIDDEN',
  UNAUTHENTICATED: 'FORBIDDEN',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'FORBIDDEN',
}

export function meaningOf(error: unknown): FailedCall {
  return (error instanceof CarillonError && MEANING[error.code]) || 'AWAY'
}

export function messageOf(error: unknown): string {
  return error instanceof CarillonError
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? error.message
      : String(error)
}
