import { selectEdge, selectNode } from '../../../components/dag-graph/model.ts'
import { isSameEdge } from './document.ts'
import { EdgeInspector } from './EdgeInspector.tsx'
import { NodeInspector } from './NodeInspector.tsx'
import type { EditorProblem } from './problems.ts'
import { SettingsInspector } from './SettingsInspector.tsx'
import type { Editing } from './use-editing.ts'

interface InspectorProps {
  readonly editing: Editing
  readonly problems: readonly EditorProblem[]
  readonly onConnect: (from: string) => void
}

/** The fields of the one node or edge that is chosen, else of the whole definition. */
export function Inspector({ editing, problems, onConnect }: InspectorProps) {
  const { definition, node, edge, edit, select, remove } = editing
  if (node)
    return (
      <NodeInspector
        {...{ node, definition }}
        problems={problems.filter((problem) => problem.node === node.code)}
        onEdit={edit}
        onRename={(code) => select(selectNode(code))}
        onSelectEdge={(ends) => select(selectEdge(ends))}
        onConnect={() => onConnect(node.code)}
        onRemove={remove}
      />
    )
  if (edge)
    return (
      <EdgeInspector
        {...{ edge, definition }}
        problems={problems.filter((problem) => problem.edge && isSameEdge(problem.edge, edge)).map(({ message }) => message)}
        onEdit={edit}
        onRemove={remove}
      />
    )
  return <SettingsInspector definition={definition} problems={problems} onEdit={edit} />
}
