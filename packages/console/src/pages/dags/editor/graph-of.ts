import type { DagDefinition, EdgeDefinition, NodeDefinition } from '@carillon/core'
import type { GraphEdge, GraphNode, Mark, NodeKind } from '../../../components/dag-graph/model.ts'

export function kindOf(node: NodeDefinition): NodeKind {
  if (node.dag !== undefined) return 'dag'
  if (node.approval !== undefined) return 'approval'
  return node.wait === undefined ? 'task' : 'wait'
}

/** A definition as the graph shows it. */
export function graphNode(node: NodeDefinition, mark?: Mark): GraphNode {
  const detail = detailOf(node)
  return {
    id: node.code,
    name: node.name === undefined || node.name === '' ? node.code : node.name,
    kind: kindOf(node),
    ...(detail === undefined ? {} : { detail }),
    ...(mark ? { mark } : {}),
    ...(node.position ? { position: node.position } : {}),
  }
}

export function graphEdge({ from, to, condition }: EdgeDefinition, mark?: Mark): GraphEdge {
  return { from, to, ...(condition === undefined ? {} : { label: condition }), ...(mark ? { mark } : {}) }
}

function detailOf({ task, dag, dagVersion, approval, wait, forEach }: NodeDefinition): string | undefined {
  const repeated = forEach ? ' [ ]' : ''
  if (task !== undefined) return task + repeated
  if (dag !== undefined) return dagVersion === undefined ? dag : `${dag} ${dagVersion}`
  if (approval) return approval.prompt
  if (wait?.ms !== undefined) return `${wait.ms} ms`
  return wait?.until ?? wait?.event?.name
}

export function graphOf({ nodes, edges }: DagDefinition): { nodes: readonly GraphNode[]; edges: readonly GraphEdge[] } {
  return { nodes: nodes.map((node) => graphNode(node)), edges: edges.map((edge) => graphEdge(edge)) }
}
