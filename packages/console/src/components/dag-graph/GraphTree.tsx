import { memo, type KeyboardEvent, type Ref } from 'react'
import { useTexts } from '../../i18n/texts.ts'
import { durationText } from '../moments.ts'
import { stateTexts } from '../states.ts'
import type { Beside } from './beside.ts'
import classes from './DagGraph.module.css'
import type { GraphEdge, GraphNode } from './model.ts'
import { graphTexts } from './text.ts'

interface GraphTreeProps {
  readonly id: string
  readonly label: string
  /** In the order of their columns. */
  readonly nodes: readonly GraphNode[]
  readonly ranks: ReadonlyMap<string, number>
  readonly before: Beside<GraphEdge>
  readonly after: Beside<GraphEdge>
  readonly current: string | null
  readonly selected: ReadonlySet<string>
  readonly many: boolean
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onFocus: () => void
  readonly onBlur: () => void
  readonly ref: Ref<HTMLUListElement>
}

const NONE: readonly GraphEdge[] = []

/** The graph as a document: what is drawn, in words, for the keyboard and for screen readers. The focus lives here, not on the canvas. */
export function GraphTree({ id, nodes, ranks, before, after, current, selected, ...tree }: GraphTreeProps) {
  const place = nodes.findIndex((node) => node.id === current)
  return (
    <ul
      ref={tree.ref}
      role="tree"
      aria-label={tree.label}
      aria-multiselectable={tree.many}
      aria-activedescendant={place === -1 ? undefined : `${id}-${place}`}
      tabIndex={0}
      className={classes['tree']}
      onKeyDown={tree.onKeyDown}
      onFocus={tree.onFocus}
      onBlur={tree.onBlur}
    >
      {nodes.map((node, index) => (
        <Item
          key={node.id}
          id={`${id}-${index}`}
          node={node}
          level={(ranks.get(node.id) ?? 0) + 1}
          before={before.get(node.id) ?? NONE}
          after={after.get(node.id) ?? NONE}
          selected={selected.has(node.id)}
        />
      ))}
    </ul>
  )
}

interface ItemProps {
  readonly id: string
  readonly node: GraphNode
  readonly level: number
  readonly before: readonly GraphEdge[]
  readonly after: readonly GraphEdge[]
  readonly selected: boolean
}

const MOST_NAMED = 5

const Item = memo(
  function Item({ id, node, level, before, after, selected }: ItemProps) {
    const t = useTexts(graphTexts)
    const states = useTexts(stateTexts)
    const named = (edges: readonly GraphEdge[], end: 'from' | 'to') => {
      const names = edges.slice(0, MOST_NAMED).map((edge) => {
        const name = edge.label ? t('if', { name: edge[end], condition: edge.label }) : edge[end]
        return edge.taken === false ? t('notTaken', { name }) : name
      })
      return [...names, ...(edges.length > MOST_NAMED ? [t('more', { n: edges.length - MOST_NAMED })] : [])].join(', ')
    }
    const words = [
      node.name,
      t(node.kind),
      node.detail,
      node.tally
        ? node.tally.map(({ state, count }) => `${count} ${states(state)}`).join(', ')
        : node.state && states(node.state),
      node.note,
      node.mark && t(node.mark),
      node.elements !== undefined && t('elements', { n: node.elements }),
      node.attempt !== undefined && node.attempt > 1 && t('attempt', { n: node.attempt }),
      typeof node.progress === 'number' && t('progress', { percent: Math.round(node.progress * 100) }),
      typeof node.startedAt === 'number' && typeof node.endedAt === 'number' && durationText(node.endedAt - node.startedAt),
      before.length > 0 && t('after', { names: named(before, 'from') }),
      after.length > 0 && t('leadsTo', { names: named(after, 'to') }),
    ]
    return (
      <li id={id} role="treeitem" aria-level={level} aria-selected={selected} data-node={node.id} data-state={node.state}>
        {words.filter((word) => typeof word === 'string' && word !== '').join(', ')}
      </li>
    )
  },
  // Lists of edges are made anew whenever one edge changes; most hold the same edges.
  (old, now) =>
    old.id === now.id &&
    old.node === now.node &&
    old.level === now.level &&
    old.selected === now.selected &&
    sameItems(old.before, now.before) &&
    sameItems(old.after, now.after),
)

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
