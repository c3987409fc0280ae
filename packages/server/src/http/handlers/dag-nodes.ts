import type { dagNodeRoutes, DagNode } from '@carillon/contract'
import {
  addEdge,
  addNode,
  changeEdge,
  changeNode,
  findNode,
  nodesBeside,
  removeEdge,
  removeNode,
  type DraftRef,
} from '../../definition/dag-node.ts'
import type { Change, Edit } from '../../definition/edit.ts'
import type { DagVersionRow } from '../../storage/dag-version.ts'
import type { Context, Handlers } from '../context.ts'
import { headOf } from './dag-versions.ts'
import { answering } from './objects.ts'

export const dagNodeHandlers: Handlers<typeof dagNodeRoutes> = {
  add: ({ params, body }, context) => edited(context, (edit) => addNode(edit, draftOf(params, body), body.node)),
  get: ({ params }, { read, tenantId }) => read((tx) => findNode(tx, tenantId, params, params.node) as Promise<DagNode>),
  change: ({ params, body }, context) =>
    edited(context, (edit) => changeNode(edit, draftOf(params, body), params.node, body.node)),
  remove: ({ params, query }, context) => edited(context, (edit) => removeNode(edit, draftOf(params, query), params.node)),
  upstream: ({ params }, context) => beside(context, params, 'upstream'),
  downstream: ({ params }, context) => beside(context, params, 'downstream'),
  addEdge: ({ params, body }, context) => edited(context, (edit) => addEdge(edit, draftOf(params, body), body.edge)),
  changeEdge: ({ params, body }, context) =>
    edited(context, (edit) => changeEdge(edit, draftOf(params, body), endsOf(params), body.condition)),
  removeEdge: ({ params, query }, context) => edited(context, (edit) => removeEdge(edit, draftOf(params, query), endsOf(params))),
}

interface Place {
  readonly dag: string
  readonly number: number
}

function draftOf({ dag, number }: Place, { revision, incomplete = false }: { revision: number; incomplete?: boolean }): DraftRef {
  return { dag, number, revision, incomplete }
}

const endsOf = ({ from, to }: { from: string; to: string }) => ({ from, to })

function edited(context: Context, work: (edit: Edit) => Promise<Change<DagVersionRow>>) {
  return context.change((edit) => answering(work(edit), ({ definition: _, ...head }) => headOf(head)))
}

async function beside({ read, tenantId }: Context, params: Place & { node: string }, direction: 'upstream' | 'downstream') {
  return { nodes: await read((tx) => nodesBeside(tx, tenantId, params, params.node, direction)) }
}
