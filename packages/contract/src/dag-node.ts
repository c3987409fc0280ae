import Type from 'typebox'
import { VersionNumber } from './dag.ts'
import { DagEdge, DagExpression, DagNode, NodeCode } from './dag-definition.ts'
import { DagVersionHead, DraftRevision, Incomplete } from './dag-version.ts'
import { route } from './route.ts'
import { Ref, nullable, optional, strict } from './schema.ts'

const TAG = 'DAG nodes'

/** Nodes on the way to another one or from it; 1 is the distance of a neighbour. */
const Beside = strict({ nodes: Type.Array(strict({ code: NodeCode, distance: Type.Integer() })) })

const version = { dag: Ref, number: VersionNumber }
const path = '/api/v1/dags/:dag/versions/:number'
const params = strict(version)
const ofNode = strict({ ...version, node: NodeCode })
const ofEdge = strict({ ...version, from: NodeCode, to: NodeCode })
const edit = { revision: DraftRevision, ...optional({ incomplete: Incomplete }) }
const write = { access: 'definition.write', tag: TAG } as const
const read = { method: 'GET', access: 'read', tag: TAG } as const
/** The draft as it is now, whose revision the next edit names. */
const responses = { 200: DagVersionHead }

export const dagNodeRoutes = {
  add: route({
    ...write,
    method: 'POST',
    path: `${path}/nodes`,
    summary: 'Add a node to a draft',
    params,
    body: strict({ ...edit, node: DagNode }),
    responses,
    audit: 'dag_version.add-node',
  }),
  get: route({ ...read, path: `${path}/nodes/:node`, summary: 'Read a node', params: ofNode, responses: { 200: DagNode } }),
  change: route({
    ...write,
    method: 'PUT',
    path: `${path}/nodes/:node`,
    summary: 'Replace a node of a draft; under another code its edges follow',
    params: ofNode,
    body: strict({ ...edit, node: DagNode }),
    responses,
    audit: 'dag_version.change-node',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path: `${path}/nodes/:node`,
    summary: 'Remove a node of a draft with its edges',
    params: ofNode,
    query: strict(edit),
    responses,
    audit: 'dag_version.remove-node',
  }),
  upstream: route({
    ...read,
    path: `${path}/nodes/:node/upstream`,
    summary: 'The nodes that lead to a node, nearest first',
    params: ofNode,
    responses: { 200: Beside },
  }),
  downstream: route({
    ...read,
    path: `${path}/nodes/:node/downstream`,
    summary: 'The nodes that a node leads to, nearest first',
    params: ofNode,
    responses: { 200: Beside },
  }),
  addEdge: route({
    ...write,
    method: 'POST',
    path: `${path}/edges`,
    summary: 'Add an edge to a draft',
    params,
    body: strict({ ...edit, edge: DagEdge }),
    responses,
    audit: 'dag_version.add-edge',
  }),
  changeEdge: route({
    ...write,
    method: 'PUT',
    path: `${path}/edges/:from/:to`,
    summary: 'Give an edge of a draft another condition, or none',
    params: ofEdge,
    body: strict({ ...edit, condition: nullable(DagExpression) }),
    responses,
    audit: 'dag_version.change-edge',
  }),
  removeEdge: route({
    ...write,
    method: 'DELETE',
    path: `${path}/edges/:from/:to`,
    summary: 'Remove an edge of a draft',
    params: ofEdge,
    query: strict(edit),
    responses,
    audit: 'dag_version.remove-edge',
  }),
}
