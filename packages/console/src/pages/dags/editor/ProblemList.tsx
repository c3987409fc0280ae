import { Button, Group, Text } from '@mantine/core'
import { selectEdge, selectNode, type GraphSelection } from '../../../components/dag-graph/model.ts'
import { useTexts } from '../../../i18n/texts.ts'
import classes from './Editor.module.css'
import type { EditorProblem } from './problems.ts'
import { editorTexts } from './text.ts'

interface ProblemListProps {
  readonly problems: readonly EditorProblem[]
  /** Not only checked in this browser. */
  readonly byServer: boolean
  readonly onSelect: (selection: GraphSelection) => void
}

/** What is wrong with the definition, each leading to where it is. */
export function ProblemList({ problems, byServer, onSelect }: ProblemListProps) {
  const t = useTexts(editorTexts)
  return (
    <section aria-label={t('problems')} className={classes['problems']}>
      <Group gap="xs">
        <Text fw={600} size="sm" role="status">
          {problems.length === 0 ? t('noProblems') : t('problemCount', { count: problems.length })}
        </Text>
        {!byServer && (
          <Text size="xs" c="dimmed">
            {t('checkedHere')}
          </Text>
        )}
      </Group>
      {problems.length > 0 && (
        <ul className={classes['problemList']}>
          {problems.map(({ node, edge, path, message }) => (
            <li key={`${node} ${edge?.from} ${edge?.to} ${path} ${message}`}>
              {node === null && edge === null ? (
                <span className="foreign">{message}</span>
              ) : (
                <Button
                  variant="subtle"
                  size="compact-sm"
                  styles={{ label: { whiteSpace: 'normal', textAlign: 'left' }, root: { height: 'auto', minHeight: 26 } }}
                  onClick={() => onSelect(edge ? selectEdge(edge) : selectNode(node!))}
                >
                  {edge ? `${edge.from} → ${edge.to}` : node}
                  {path} – {message}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
