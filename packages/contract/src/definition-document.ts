import { MOST_CALENDARS } from '@carillon/core'
import Type, { type Static } from 'typebox'
import { AppCreate } from './app.ts'
import { CalendarCreate } from './calendar.ts'
import { DagCreate } from './dag.ts'
import { DagDefinition } from './dag-definition.ts'
import { ScheduleCreate } from './schedule.ts'
import { Code, choice, optional, strict, taggedUnion, without } from './schema.ts'
import { MOST_DOWNSTREAM, Outcomes, TaskCreate } from './task.ts'
import { TaskTypeCreate } from './task-type.ts'

/**
 * Definitions as code: what a tenant defines, as documents of YAML or JSON. A document names its object by kind and code and says all of
 * it: what is left out has its default, apart from the switches that people turn while things run (`enabled`, `paused`), which then stay
 * as they are. Documents refer to each other by codes alone, so they mean the same in every tenant.
 */
export const DOCUMENT_KINDS = ['App', 'TaskType', 'Task', 'Calendar', 'Dag', 'Schedule'] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number]

export const AppDocument = strict({ kind: Type.Literal('App'), ...AppCreate.properties })

export const TaskTypeDocument = strict({
  kind: Type.Literal('TaskType'),
  ...without(TaskTypeCreate.properties, 'kind', 'app'),
  work: Type.String({
    minLength: 1,
    maxLength: 40,
    description: 'What kind of work its tasks are: `handler` of an app, or a built-in one such as `http`',
  }),
  app: Type.Optional(Code),
})

export const TaskDocument = strict({
  kind: Type.Literal('Task'),
  ...without(TaskCreate.properties, 'type', 'downstream'),
  type: Code,
  downstream: Type.Optional(Type.Array(strict({ task: Code, outcomes: Type.Optional(Outcomes) }), { maxItems: MOST_DOWNSTREAM })),
})

export const CalendarDocument = strict({ kind: Type.Literal('Calendar'), ...CalendarCreate.properties })

export const ScheduleDocument = strict({
  kind: Type.Literal('Schedule'),
  ...without(ScheduleCreate.properties, 'task', 'dag', 'calendars'),
  ...optional({ task: Code, dag: Code }),
  calendars: Type.Optional(
    Type.Array(strict({ calendar: Code, mode: choice(['INCLUDE', 'EXCLUDE']) }), { maxItems: MOST_CALENDARS }),
  ),
})

/** A DAG with its active version: another definition becomes a new version, which is activated. */
export const DagDocument = strict({
  kind: Type.Literal('Dag'),
  ...DagCreate.properties,
  note: Type.Optional(Type.String({ maxLength: 2000, description: 'What is new in the version that this makes' })),
  ...without(DagDefinition.properties, 'edges'),
  edges: Type.Optional(DagDefinition.properties.edges),
})

export const DefinitionDocument = taggedUnion('kind', [
  AppDocument,
  TaskTypeDocument,
  TaskDocument,
  CalendarDocument,
  DagDocument,
  ScheduleDocument,
])

export type AppDocument = Static<typeof AppDocument>
export type TaskTypeDocument = Static<typeof TaskTypeDocument>
export type TaskDocument = Static<typeof TaskDocument>
export type CalendarDocument = Static<typeof CalendarDocument>
export type ScheduleDocument = Static<typeof ScheduleDocument>
export type DagDocument = Static<typeof DagDocument>
export type DefinitionDocument = AppDocument | TaskTypeDocument | TaskDocument | CalendarDocument | ScheduleDocument | DagDocument

/**
 * Documents in an order in which they can be applied one after the other: what others refer to comes first. (Circles among tasks or DAGs
 * are refused when they are applied.)
 */
export function inDependencyOrder<Document extends DefinitionDocument>(documents: readonly Document[]): Document[] {
  const known = new Map(documents.map((document) => [keyOf(document), document]))
  const ordered = new Set<Document>()
  const visit = (document: Document, under: ReadonlySet<Document>) => {
    if (ordered.has(document) || under.has(document)) return
    const below = new Set([...under, document])
    for (const key of sameKindUses(document)) if (known.has(key)) visit(known.get(key)!, below)
    ordered.add(document)
  }
  for (const kind of DOCUMENT_KINDS) for (const document of documents) if (document.kind === kind) visit(document, new Set())
  return [...ordered]
}

const keyOf = ({ kind, code }: DefinitionDocument) => `${kind} ${code}`

function sameKindUses(document: DefinitionDocument): string[] {
  if (document.kind === 'Task') return (document.downstream ?? []).map(({ task }) => `Task ${task}`)
  if (document.kind === 'Dag') return document.nodes.flatMap(({ dag }) => (dag === undefined ? [] : [`Dag ${dag}`]))
  return []
}

/** JSON Schema (2020-12) of a document, for editors; without what only our validator understands. */
export function definitionDocumentSchema(): Record<string, unknown> {
  const plain = JSON.parse(JSON.stringify(DefinitionDocument)) as { oneOf: unknown[] }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A definition of Carillon',
    description: 'One document of `carillon apply -f`: YAML or JSON.',
    type: 'object',
    required: ['kind', 'code'],
    properties: { kind: { enum: DOCUMENT_KINDS } },
    // Editors show the problems of the kind that is meant, where a plain oneOf would show those of all.
    allOf: DOCUMENT_KINDS.map((kind) => ({
      if: { required: ['kind'], properties: { kind: { const: kind } } },
      then: plain.oneOf.find((each) => (each as typeof AppDocument).properties.kind.const === kind),
    })),
  }
}
