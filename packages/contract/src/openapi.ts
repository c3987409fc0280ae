import type { TSchema } from 'typebox'
import { App } from './app.ts'
import { AuditRecord } from './audit.ts'
import { BulkAnswer, ItemResult } from './bulk.ts'
import { Calendar } from './calendar.ts'
import { Dag, DagItem } from './dag.ts'
import { DagDefinition, DagEdge, DagNode } from './dag-definition.ts'
import { DagVersion, DagVersionDiff, DagVersionHead } from './dag-version.ts'
import {
  AppDocument,
  CalendarDocument,
  DagDocument,
  ScheduleDocument,
  TaskDocument,
  TaskTypeDocument,
} from './definition-document.ts'
import { AppliedDefinition } from './definitions.ts'
import { Executor } from './executor.ts'
import { callbackRoutes } from './callback.ts'
import { Assignment, Control, executorRoutes, ReportItem } from './executor-protocol.ts'
import { Attempt, Instance, InstanceDetail, LogRecord, Why } from './instance.ts'
import { Concurrency, DagPolicies, EffectivePolicies, Policies, PoliciesPatch } from './policy.ts'
import { Nodes, Overview } from './overview.ts'
import { InstanceBulkPreview } from './instance-bulk.ts'
import { FieldProblem, Problem } from './problem.ts'
import { Revision } from './revision.ts'
import { successStatus, type Route } from './route.ts'
import { routes } from './routes.ts'
import { RunBulkPreview } from './run-bulk.ts'
import { Run, RunDetail, Started, TriggerItem, TriggerResult } from './run.ts'
import { Backfill, Fire, PreviewFire, Schedule } from './schedule.ts'
import { ScheduleDays, ScheduleLoad } from './schedule-load.ts'
import { Scheduler, ServerNode } from './scheduler.ts'
import { Labels } from './schema.ts'
import { SESSION_COOKIE, Session, SessionItem } from './session.ts'
import { Environment, Task, TaskItem } from './task.ts'
import { TaskType } from './task-type.ts'
import { Tenant } from './tenant.ts'
import { Token } from './token.ts'
import { Member, User } from './user.ts'

/** The schemas that stand under a name of their own; wherever else they occur, the document refers to them. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ...{
    App,
    AppDocument,
    AppliedDefinition,
    Assignment,
    Attempt,
    AuditRecord,
    Backfill,
    BulkAnswer,
    Calendar,
    CalendarDocument,
    Concurrency,
    Control,
    Dag,
    DagDefinition,
    DagDocument,
    DagEdge,
    DagItem,
    DagNode,
    DagPolicies,
    DagVersion,
    DagVersionDiff,
    DagVersionHead,
    EffectivePolicies,
    Environment,
    Executor,
    FieldProblem,
    Fire,
  },
  ...{
    Instance,
    InstanceBulkPreview,
    InstanceDetail,
    ItemResult,
    Labels,
    LogRecord,
    Member,
    Nodes,
    Overview,
    Policies,
    PoliciesPatch,
    PreviewFire,
    Problem,
    ReportItem,
    Revision,
    Run,
  },
  ...{
    RunBulkPreview,
    RunDetail,
    Schedule,
    ScheduleDays,
    ScheduleDocument,
    ScheduleLoad,
    Scheduler,
    ServerNode,
    Session,
    SessionItem,
    Started,
    Task,
    TaskDocument,
    TaskItem,
    TaskType,
    TaskTypeDocument,
    Tenant,
    Token,
    TriggerItem,
    TriggerResult,
    User,
    Why,
  },
}

/** The API as an OpenAPI 3.1 document. TypeBox schemas are JSON Schema 2020-12, which is what OpenAPI 3.1 speaks: they go in as they are. */
export function openApiDocument(): Record<string, unknown> {
  const groups: Record<string, Record<string, Route>> = { ...routes, executorProtocol: executorRoutes, callbacks: callbackRoutes }
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
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`authorization: Bearer carillon_…`' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description: 'Of people who signed in at `/api/v1/session`',
        },
      },
      schemas: NAMED,
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
          description:
            'Code of the tenant to act in. Needed beside the cookie of a session; beside a token only for platform administrators',
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
    ...(route.access === 'session' ? { security: [{ session: [] }] } : {}),
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
  const scoped = !['public', 'executor', 'session'].includes(route.access)
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

/** As JSON says it, which is without what TypeBox keeps for itself, and with references to what has a name. */
function plain(document: Record<string, unknown>): Record<string, unknown> {
  const names = new Map(Object.entries(NAMED).map(([name, schema]) => [JSON.stringify(schema), name]))
  const refer = (value: unknown, own?: string): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item) => refer(item))
    const name = names.get(JSON.stringify(value))
    if (name !== undefined && name !== own) return { $ref: `#/components/schemas/${name}` }
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, refer(child)]))
  }
  const { schemas, ...components } = document['components'] as Record<string, Record<string, unknown>>
  const own = Object.fromEntries(Object.entries(schemas!).map(([name, schema]) => [name, refer(schema, name)]))
  const rest = refer({ ...document, components }) as Record<string, Record<string, unknown>>
  return JSON.parse(JSON.stringify({ ...rest, components: { ...rest['components'], schemas: own } })) as Record<string, unknown>
}
