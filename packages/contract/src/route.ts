import type { Permission } from '@carillon/core'
import type { Static, TObject, TSchema } from 'typebox'

/** `public`: no token. `authenticated`: any valid token. Otherwise the permission that the token's role must have. */
export type Access = Permission | 'public' | 'authenticated'

/**
 * One route of the API as data. The server, the OpenAPI document and the typed client are made from it; a route without an access
 * declaration does not compile, and the server refuses to start with a handler missing.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/v1/tasks/:task` */
  readonly path: string
  readonly access: Access
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /** Status → body. 204 has none. */
  readonly responses: Readonly<Record<number, TSchema>>
  /** Accepts the `idempotency-key` header: the same key and body again answer what was answered first. */
  readonly idempotent?: boolean
  /** The audit operation of a mutating route (`task.update`); the server refuses to start where a mutating route has none and does not say why. */
  readonly audit?: string
  /** Why a mutating route writes no audit row (executor traffic is recorded as attempts instead). */
  readonly unaudited?: string
}

export function route<const R extends Route>(route: R): R {
  return route
}

type Part<T> = T extends TSchema ? Static<T> : undefined

export interface Call<R extends Route> {
  readonly params: Part<R['params']>
  readonly query: Part<R['query']>
  readonly body: Part<R['body']>
}

type Success<R extends Route> = R['responses'][Extract<keyof R['responses'], 200 | 201 | 202>]
export type Answer<R extends Route> = Success<R> extends TSchema ? Static<Success<R>> : undefined
