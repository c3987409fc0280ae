import { Duration } from '../../components/Time.tsx'
import type { RunNode } from './run-nodes.ts'

/** How long a node ran, or has been running; nothing before it began. */
export function SpanLength({ node }: { node: Pick<RunNode, 'startedAt' | 'endedAt'> }) {
  return node.startedAt === null ? null : <Duration from={node.startedAt} to={node.endedAt} />
}
