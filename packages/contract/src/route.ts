import type { Permission } from '@carillon/core'
import type { Static, TObject, TSchema } from 'typebox'

/**
 * `public`: no token. `authenticated`: any valid token. `session`: only people who signed in, in no tenant. Otherwise the permission that the
 * role must have.
 */
export type Access = Permission | 'public' | 'authenticated' | 'session'

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
  /** What the answer is when it is not JSON: a text, or a stream of server-sent events. */
  readonly produces?: 'text/plain' | 'text/event-stream'
  /** Accepts the `idempotency-key` header: the same key and body again answer what was answered first. */
  readonly idempotent?: boolean
  /** The audit operation of a mutating route (`task.update`); the server refuses to start where a mutating route has none and does not say why. */
  readonly audit?: string
  /** `result`: its body is hardly larger than a result may be. Left out: the limit of all bodies. */
  readonly mostBytes?: 'result'
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

type SuccessStatus<R extends Route> = Extract<keyof R['responses'], 200 | 201 | 202>
type Json<R extends Route> = [SuccessStatus<R>] extends [never]
  ? undefined
  : R['responses'][SuccessStatus<R>] extends infer S extends TSchema
    ? Static<S>
    : never

/** What a route answers: JSON, nothing, or, where it `produces` something else, the pieces of a text as they come. */
export type Answer<R extends Route> = R extends { readonly produces: string } ? AsyncIterable<string> : Json<R>

/** The status of a route's success. */
export function successStatus(route: Route): number {
  return Number(Object.keys(route.responses)[0])
}

export function isMutating(route: Route): boolean {
  return route.method !== 'GET'
}
