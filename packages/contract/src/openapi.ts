import { executorRoutes } from './executor-protocol.ts'
import { Problem } from './problem.ts'
import { successStatus, type Route } from './route.ts'
import { routes } from './routes.ts'

/** The API as an OpenAPI 3.1 document. TypeBox schemas are JSON Schema 2020-12, which is what OpenAPI 3.1 speaks: they go in as they are. */
export function openApiDocument(): Record<string, unknown> {
  const groups: Record<string, Record<string, Route>> = { ...routes, executorProtocol: executorRoutes }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [group, table] of Object.entries(groups)) {
    for (const [name, route] of Object.entries(table)) {
      const path = route.path.replace(/:([a-zA-Z]+)/g, '{$1}')
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(`${group}.${name}`, route) }
    }
  }
  return plain({
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Carillon',
      version: '1',
      description: 'Task and DAG scheduling. Instants are milliseconds since 1970 UTC. Refusals are problem+json (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: '`authorization: Bearer carillon_…`' } },
      schemas: { Problem },
      responses: {
        Problem: {
          description: 'Refused',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      parameters: {
        tenant: {
          name: 'carillon-tenant',
          in: 'header',
          schema: { type: 'string' },
          description: 'Code of the tenant to act in; only for platform administrators',
        },
        idempotencyKey: {
          name: 'idempotency-key',
          in: 'header',
          schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
          description: 'The same request again under the same key has no second effect and answers the same',
        },
      },
    },
  })
}

function operation(id: string, route: Route): Record<string, unknown> {
  return {
    operationId: id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.access === 'public' ? { security: [] } : {}),
    'x-permission': route.access,
    parameters: parametersOf(route),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: { [successStatus(route)]: successOf(route), default: { $ref: '#/components/responses/Problem' } },
  }
}

function parametersOf(route: Route): unknown[] {
  const own = (place: 'path' | 'query', schema: Route['params']) =>
    Object.entries(schema?.properties ?? {}).map(([name, each]) => ({
      name,
      in: place,
      required: place === 'path' || ((schema?.required as readonly string[] | undefined) ?? []).includes(name),
      schema: each,
    }))
  const scoped = route.access !== 'public' && route.access !== 'executor'
  return [
    ...own('path', route.params),
    ...own('query', route.query),
    ...(scoped ? [{ $ref: '#/components/parameters/tenant' }] : []),
    ...(route.idempotent ? [{ $ref: '#/components/parameters/idempotencyKey' }] : []),
  ]
}

function successOf(route: Route): Record<string, unknown> {
  const status = successStatus(route)
  if (status === 204) return { description: 'Done' }
  return { description: route.summary, content: { [route.produces ?? 'application/json']: { schema: route.responses[status] } } }
}

/** As JSON says it: without what TypeBox keeps for itself, and with no object shared. */
function plain(document: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>
}
