import Type, { type Static } from 'typebox'
import { DefinitionDocument, DOCUMENT_KINDS } from './definition-document.ts'
import { Paging, pageOf } from './paging.ts'
import { route } from './route.ts'
import { Code, JsonObject, choice, optional, strict } from './schema.ts'

const TAG = 'Definitions as code'

/** The most documents of one request, which is one transaction. */
export const MOST_DOCUMENTS = 500

const Documents = strict({ documents: Type.Array(DefinitionDocument, { minItems: 1, maxItems: MOST_DOCUMENTS }) })

/** A field that differs, by JSON pointer; nodes and edges by their codes: `/nodes/extract/timeoutMs`. */
export const DefinitionChange = strict({
  path: Type.String(),
  before: Type.Optional(Type.Unknown()),
  after: Type.Optional(Type.Unknown()),
})
export type DefinitionChange = Static<typeof DefinitionChange>

export const DEFINITION_OUTCOMES = ['CREATED', 'CHANGED', 'UNCHANGED'] as const

export const AppliedDefinition = strict({
  kind: choice(DOCUMENT_KINDS),
  code: Type.String(),
  outcome: choice(DEFINITION_OUTCOMES),
  changes: Type.Array(DefinitionChange),
})
export type AppliedDefinition = Static<typeof AppliedDefinition>

export const AppliedDefinitions = strict({ items: Type.Array(AppliedDefinition, { description: 'In the order of the request' }) })

export const definitionRoutes = {
  apply: route({
    method: 'PUT',
    path: '/api/v1/definitions',
    access: 'definition.write',
    tag: TAG,
    summary: 'Make the definitions of these documents so: all of them or none',
    description:
      'Documents may come in any order and refer to each other. Applying them again changes nothing. What is left out has its default, but `enabled` and `paused` then stay as they are.',
    body: Documents,
    responses: { 200: AppliedDefinitions },
    audit: 'definitions.apply',
  }),
  diff: route({
    method: 'POST',
    path: '/api/v1/definitions/diff',
    access: 'definition.write',
    tag: TAG,
    summary: 'What applying these documents would change, found by doing it and taking it back',
    body: Documents,
    responses: { 200: AppliedDefinitions },
    unaudited: 'is rolled back, changes nothing',
  }),
  schema: route({
    method: 'GET',
    path: '/api/v1/definitions/schema.json',
    access: 'public',
    tag: TAG,
    summary: 'JSON Schema of these documents, by which editors complete and check them',
    responses: { 200: JsonObject },
  }),
  export: route({
    method: 'GET',
    path: '/api/v1/definitions',
    access: 'read',
    tag: TAG,
    summary: 'The definitions of one kind as documents; those of DAGs with an active version',
    query: strict({ kind: choice(DOCUMENT_KINDS), ...Paging, ...optional({ code: Code }) }),
    responses: { 200: pageOf(DefinitionDocument) },
  }),
}
