import Type, { type Static } from 'typebox'
import { DefinitionDocument } from './definition-document.ts'
import { AppliedDefinitions } from './definitions.ts'
import { pageOf } from './paging.ts'
import { route } from './route.ts'
import { Code, Name, Ref, strict } from './schema.ts'

const TAG = 'DAG templates'

/** A DAG with its tasks that the platform offers in every tenant. */
const fields = {
  code: Type.String(),
  name: Type.String(),
  description: Type.String(),
  secrets: Type.Array(Type.String(), { description: 'Names of the secrets that a copy refers to' }),
}
export const DagTemplate = strict(fields)
export type DagTemplate = Static<typeof DagTemplate>

/** Tasks of the copy have codes that begin with it and a dot, which take up to 20 characters more. */
export const DagTemplateCopy = strict({
  code: Type.Unsafe<string>({ ...Code, maxLength: 40 }),
  name: Type.Optional(Name),
})
export type DagTemplateCopy = Static<typeof DagTemplateCopy>

const params = strict({ template: Ref })
const path = '/api/v1/dag-templates/:template'

export const dagTemplateRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/dag-templates',
    access: 'read',
    tag: TAG,
    summary: 'List the templates of DAGs that the platform offers in every tenant',
    responses: { 200: pageOf(DagTemplate) },
  }),
  get: route({
    method: 'GET',
    path,
    access: 'read',
    tag: TAG,
    summary: 'Read a template with its documents',
    params,
    responses: { 200: strict({ ...fields, documents: Type.Array(DefinitionDocument) }) },
  }),
  copy: route({
    method: 'POST',
    path: `${path}/copy`,
    access: 'definition.write',
    tag: TAG,
    summary: 'Make the DAG of a template, with its tasks, in this tenant',
    description: 'All of it or, where a code is taken, nothing. What is made is the tenant’s own.',
    params,
    body: DagTemplateCopy,
    responses: { 201: AppliedDefinitions },
    idempotent: true,
    audit: 'dag-template.copy',
  }),
}
