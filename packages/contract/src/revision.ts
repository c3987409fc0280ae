import Type, { type TSchema } from 'typebox'
import { Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { JsonObject, Ref, Version, strict } from './schema.ts'

/** One kept change of a configuration object: who, when, what; the body as it was afterwards. */
export const Revision = strict({
  version: Type.Integer(),
  at: Millis,
  principal: Type.String(),
  operation: Type.String(),
  body: JsonObject,
})

/** The two routes that every object with revisions has, under its own path. */
export function revisionRoutes<const T extends TSchema, const P extends string>(of: {
  path: string
  param: P
  tag: string
  audit: string
  view: T
  access: 'definition.write' | 'app.write'
}) {
  const params = strict({ [of.param]: Ref } as Record<P, typeof Ref>)
  return {
    revisions: route({
      method: 'GET',
      path: `${of.path}/revisions`,
      access: 'read',
      tag: of.tag,
      summary: 'List its revisions, newest first',
      params,
      query: strict(Paging),
      responses: { 200: pageOf(Revision) },
    }),
    restore: route({
      method: 'POST',
      path: `${of.path}/restore`,
      access: of.access,
      tag: of.tag,
      summary: 'Make an earlier revision the newest version',
      params,
      body: strict({ version: Version, revision: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
      responses: { 200: of.view },
      audit: `${of.audit}.restore`,
    }),
  }
}
