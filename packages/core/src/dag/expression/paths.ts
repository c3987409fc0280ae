import type { ASTNode } from '@marcbachmann/cel-js'
import { MACROS } from './macros.ts'

/** What an expression reads of its context: `nodes.a.output[0].x` is `['nodes', 'a', 'output']`, up to the first part that is no name. */
export interface ExpressionPath {
  readonly names: readonly string[]
  readonly offset: number
}

export function pathsOf(node: ASTNode, bound: readonly string[] = []): readonly ExpressionPath[] {
  const path = pathAt(node)
  if (path) return bound.includes(path.names[0]!) ? [] : [path]
  const macro = node.op === 'rcall' && MACROS.has(node.args[0]) ? node.args : null
  if (macro) {
    const [, receiver, [variable, ...bodies]] = macro
    const inner = variable?.op === 'id' ? [...bound, variable.args] : bound
    return [...pathsOf(receiver, bound), ...bodies.flatMap((body) => pathsOf(body, inner))]
  }
  return childrenOf(node).flatMap((child) => pathsOf(child, bound))
}

/** The whole chain of names, if the node is one and nothing else. */
function pathAt(node: ASTNode): ExpressionPath | null {
  if (node.op === 'id') return { names: [node.args], offset: node.start }
  const name = node.op === '.' ? node.args[1] : node.op === '[]' && node.args[1].op === 'value' ? node.args[1].args : null
  if (typeof name !== 'string' || (node.op !== '.' && node.op !== '[]')) return null
  const before = pathAt(node.args[0])
  return before && { names: [...before.names, name], offset: before.offset }
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  const nodes: ASTNode[] = []
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit)
    else if (isNode(part)) nodes.push(part)
  }
  visit(node.args)
  return nodes
}

const isNode = (part: unknown): part is ASTNode => typeof part === 'object' && part !== null && 'op' in part && 'args' in part
