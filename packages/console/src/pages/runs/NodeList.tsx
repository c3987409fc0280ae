import { TextInput } from '@mantine/core'
import { Search } from 'lucide-react'
import { memo, useState } from 'react'
import { StateBadge } from '../../components/StateBadge.tsx'
import { useTexts } from '../../i18n/texts.ts'
import classes from './run.module.css'
import { byState, type RunNode } from './run-nodes.ts'
import { HEADING_PX, ROW_PX, rowsInSight } from '../../components/rows-in-sight.ts'
import { runTexts } from './run-text.ts'
import { SpanLength } from './SpanLength.tsx'
import { useScrolled } from '../../components/use-scrolled.ts'

export interface Choosing {
  /** Code of a node. */
  readonly selected: string | null
  readonly onChoose: (node: RunNode) => void
}

/** The nodes by their state, what went wrong first: found faster than in any drawing. Of thousands those in sight are in the document. */
export function NodeList({ nodes, selected, onChoose }: { nodes: readonly RunNode[] } & Choosing) {
  const t = useTexts(runTexts)
  const [q, setQ] = useState('')
  const { box, top, height, onScroll } = useScrolled()
  const found = nodes.filter(({ code, name }) => `${code} ${name}`.toLowerCase().includes(q.trim().toLowerCase()))
  const groups = byState(found)
  const inSight = rowsInSight(
    groups.map(([, { length }]) => length),
    top,
    height,
  )
  return (
    <nav className={classes['list']} aria-label={t('nodes')}>
      {nodes.length > 8 && (
        <TextInput
          m={6}
          size="xs"
          type="search"
          aria-label={t('searchNodes')}
          placeholder={t('searchNodes')}
          leftSection={<Search size={14} aria-hidden />}
          value={q}
          onChange={({ currentTarget }) => setQ(currentTarget.value)}
        />
      )}
      <div className={classes['groups']} ref={box} onScroll={onScroll}>
        {groups.map(([state, group], place) => {
          const { first, end } = inSight[place]!
          return (
            <section key={state} data-state={state} data-count={group.length}>
              <div className={classes['group']} style={{ height: HEADING_PX }}>
                <StateBadge state={state} /> {group.length}
              </div>
              <div style={{ paddingTop: first * ROW_PX, paddingBottom: (group.length - end) * ROW_PX }}>
                {group.slice(first, end).map((node) => (
                  <Row key={node.code} node={node} pressed={node.code === selected} onChoose={onChoose} />
                ))}
              </div>
            </section>
          )
        })}
        {found.length === 0 && t('noNodes')}
      </div>
    </nav>
  )
}

interface RowProps {
  readonly node: RunNode
  readonly pressed: boolean
  readonly onChoose: (node: RunNode) => void
}

/** Of a thousand a few change at a time, and the others need not be looked at. */
const Row = memo(function Row({ node, pressed, onChoose }: RowProps) {
  const { progress } = node.instances[0]!
  return (
    <button
      type="button"
      className={classes['node']}
      style={{ height: ROW_PX }}
      aria-pressed={pressed}
      title={node.name}
      onClick={() => onChoose(node)}
    >
      <span className="foreign">{node.name}</span>
      <small>
        {node.instances.length > 1 && `×${node.instances.length} `}
        {progress !== null && node.state === 'RUNNING' && `${progress}% `}
        <SpanLength node={node} />
      </small>
    </button>
  )
})
