import type { DagDefinition } from '@carillon/core'
import { TextInput, UnstyledButton } from '@mantine/core'
import { useMemo, useState } from 'react'
import { edgesBy } from '../../../components/dag-graph/beside.ts'
import { selectNode, type GraphSelection } from '../../../components/dag-graph/model.ts'
import { ranksOf } from '../../../components/dag-graph/ranks.ts'
import { useTexts } from '../../../i18n/texts.ts'
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

const MOST = 300

/** The nodes as a table, in the order in which they can run: for graphs that are too large to look at. */
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
  const text = sought.trim().toLowerCase()
  const shown = rows.filter(({ node, graph }) => `${node.code} ${graph.name} ${graph.detail ?? ''}`.toLowerCase().includes(text))
  return (
    <div className={classes['outline']} role="region" aria-label={t('outline')} tabIndex={0}>
      <TextInput
        label={t('find')}
        value={sought}
        onChange={({ currentTarget }) => setSought(currentTarget.value)}
        maw={320}
        mb="xs"
        mx={4}
      />
      <table>
        <thead>
          <tr>
            <th scope="col">{t('code')}</th>
            <th scope="col">{t('kind')}</th>
            <th scope="col">{t('dependsOn')}</th>
            <th scope="col">{t('triggerRule')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, MOST).map(({ node, graph, after }) => (
            <tr key={node.code} data-selected={selection.nodes.includes(node.code)} data-problem={wrong.has(node.code)}>
              <td>
                <UnstyledButton
                  className="foreign"
                  style={{ fontWeight: 600, minHeight: 24 }}
                  aria-pressed={selection.nodes.includes(node.code)}
                  onClick={() => onSelect(selectNode(node.code))}
                >
                  {node.code}
                </UnstyledButton>
              </td>
              <td className="foreign">
                {t(kindOf(node))} {graph.detail}
              </td>
              <td className="foreign">
                {after.map(({ from, condition }) => (condition === undefined ? from : `${from} (${condition})`)).join(', ')}
              </td>
              <td>{after.length > 0 ? t(node.triggerRule ?? 'ALL_SUCCESS') : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
