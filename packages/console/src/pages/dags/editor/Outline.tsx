import type { DagDefinition, EdgeDefinition, NodeDefinition } from '@carillon/core'
import { TextInput, UnstyledButton } from '@mantine/core'
import { useMemo, useState } from 'react'
import { edgesBy } from '../../../components/dag-graph/beside.ts'
import { selectNode, type GraphNode, type GraphSelection } from '../../../components/dag-graph/model.ts'
import { ranksOf } from '../../../components/dag-graph/ranks.ts'
import { useTexts } from '../../../i18n/texts.ts'
import { HEADING_PX, ROW_PX, rowsInSight } from '../../../components/rows-in-sight.ts'
import { useScrolled } from '../../../components/use-scrolled.ts'
import classes from './Editor.module.css'
import { graphNode, kindOf } from './graph-of.ts'
import type { EditorProblem } from './problems.ts'
import { editorTexts } from './text.ts'

interface OutlineProps {
  readonly definition: DagDefinition
  readonly problems: readonly EditorProblem[]
  readonly selection: GraphSelection
  readonly onSelect: (selection: GraphSelection) => void
}

/** The nodes as a table, in the order in which they can run: for graphs that are too large to look at. Rows in sight are in the document. */
export function Outline({ definition, problems, selection, onSelect }: OutlineProps) {
  const t = useTexts(editorTexts)
  const [sought, setSought] = useState('')
  const wrong = useMemo(() => new Set(problems.map(({ node }) => node)), [problems])
  const rows = useMemo(() => {
    const before = edgesBy(definition.edges, 'to')
    const ranks = ranksOf({ ids: definition.nodes.map(({ code }) => code), edges: definition.edges })
    return definition.nodes
      .map((node) => ({ node, graph: graphNode(node), after: before.get(node.code) ?? [], rank: ranks.get(node.code)! }))
      .sort((a, b) => a.rank - b.rank)
  }, [definition])
  const { box, top, height, onScroll } = useScrolled()
  const text = sought.trim().toLowerCase()
  const shown = rows.filter(({ node, graph }) => `${node.code} ${graph.name} ${graph.detail ?? ''}`.toLowerCase().includes(text))
  const { first, end } = rowsInSight([shown.length], top, height)[0]!
  return (
    <div className={classes['outline']}>
      <TextInput
        label={t('find')}
        value={sought}
        onChange={({ currentTarget }) => setSought(currentTarget.value)}
        maw={320}
        mb="xs"
        mx={4}
      />
      <div className={classes['rows']} role="region" aria-label={t('outline')} tabIndex={0} ref={box} onScroll={onScroll}>
        <table aria-rowcount={shown.length + 1}>
          <thead>
            <tr style={{ height: HEADING_PX }} aria-rowindex={1}>
              <th scope="col">{t('code')}</th>
              <th scope="col">{t('kind')}</th>
              <th scope="col">{t('dependsOn')}</th>
              <th scope="col">{t('triggerRule')}</th>
            </tr>
          </thead>
          <tbody>
            <Beyond rows={first} />
            {shown.slice(first, end).map((row, place) => (
              <Row
                key={row.node.code}
                {...row}
                index={first + place + 2}
                selected={selection.nodes.includes(row.node.code)}
                wrong={wrong.has(row.node.code)}
                onSelect={onSelect}
              />
            ))}
            <Beyond rows={shown.length - end} />
          </tbody>
        </table>
      </div>
    </div>
  )
}

/** The height of rows that are not there. */
function Beyond({ rows }: { rows: number }) {
  return rows > 0 && <tr aria-hidden style={{ height: rows * ROW_PX }} />
}

interface RowProps {
  readonly node: NodeDefinition
  readonly graph: GraphNode
  readonly after: readonly EdgeDefinition[]
  /** Among all rows, for those who hear them. */
  readonly index: number
  readonly selected: boolean
  readonly wrong: boolean
  readonly onSelect: (selection: GraphSelection) => void
}

function Row({ node, graph, after, index, selected, wrong, onSelect }: RowProps) {
  const t = useTexts(editorTexts)
  const dependsOn = after.map(({ from, condition }) => (condition === undefined ? from : `${from} (${condition})`)).join(', ')
  return (
    <tr aria-rowindex={index} style={{ height: ROW_PX }} data-selected={selected} data-problem={wrong}>
      <td>
        <UnstyledButton
          className="foreign"
          style={{ fontWeight: 600, minHeight: 24, maxWidth: '100%', overflow: 'hidden', textOverflow: 'ellipsis' }}
          aria-pressed={selected}
          title={node.code}
          onClick={() => onSelect(selectNode(node.code))}
        >
          {node.code}
        </UnstyledButton>
      </td>
      <td className="foreign">
        {t(kindOf(node))} {graph.detail}
      </td>
      <td className="foreign" title={dependsOn}>
        {dependsOn}
      </td>
      <td>{after.length > 0 ? t(node.triggerRule ?? 'ALL_SUCCESS') : ''}</td>
    </tr>
  )
}
