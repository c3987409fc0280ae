import Type, { type Static } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { Text, nullable, optional, strict } from './schema.ts'

export const AuditRecord = strict({
  id: Id,
  at: Millis,
  principal: Type.String(),
  address: nullable(Type.String()),
  requestId: nullable(Type.String()),
  operation: Type.String(),
  objectKind: Type.String(),
  objectId: nullable(Type.String()),
  before: Type.Unknown(),
  after: Type.Unknown(),
})
export type AuditRecord = Static<typeof AuditRecord>

export const auditRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/audit',
    access: 'audit.read',
    tag: 'Audit',
    summary: 'Who changed or controlled what, newest first',
    query: strict({
      ...Paging,
      ...optional({
        objectKind: Text(60),
        object: Type.String({ maxLength: 200, description: 'Identifier of the object' }),
        operation: Text(60),
        principal: Text(300),
        from: Millis,
        to: Millis,
      }),
    }),
    responses: { 200: pageOf(AuditRecord) },
  }),
}
