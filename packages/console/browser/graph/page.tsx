import '@mantine/core/styles.css'
import '../../src/app/app.css'
import { MantineProvider } from '@mantine/core'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { cssVariables, theme } from '../../src/app/theme.ts'
import { DagGraph } from '../../src/components/dag-graph/DagGraph.tsx'
import { layers } from '../../src/components/dag-graph/graph.test-helper.ts'
import { NOTHING_SELECTED, type GraphNode } from '../../src/components/dag-graph/model.ts'
import { STATE_LOOKS, type StateWord } from '../../src/components/states.ts'

/** One graph alone on a page, as large as the address says, whose nodes change state all the time. */
const search = new URLSearchParams(location.search)
const graph = layers(Number(search.get('layers') ?? 50), Number(search.get('width') ?? 20))
const STATES = Object.keys(STATE_LOOKS) as StateWord[]
const CHANGED_EACH_TIME = 50
const EVERY_MS = 250
const start = Date.now()

function nodeOf(id: string, index: number): GraphNode {
  const state = STATES[index % STATES.length]!
  return {
    id,
    name: index % 7 === 0 ? `${id} with a name that is far too long for its card` : id,
    kind: (['task', 'dag', 'approval', 'wait'] as const)[index % 4]!,
    detail: index % 3 === 0 ? 'etl.copy-a-table' : 'sample',
    state,
    startedAt: state === 'WAITING' ? null : start - 1_000 * index,
    endedAt: state === 'RUNNING' ? null : start,
    attempt: 1 + (index % 5),
    progress: state === 'RUNNING' ? (index % 10) / 10 : null,
  }
}

const edges = graph.edges.map((edge, index) => ({
  ...edge,
  ...(index % 9 === 0 ? { label: 'rows > 0 = false', taken: false } : index % 2 === 0 ? { taken: true } : {}),
}))

function Page() {
  const [nodes, setNodes] = useState(() => graph.ids.map(nodeOf))
  const [selection, setSelection] = useState(NOTHING_SELECTED)
  useEffect(() => {
    let step = 0
    const timer = setInterval(() => {
      step++
      setNodes((old) =>
        old.map((node, index) => ((index + step) % (old.length / CHANGED_EACH_TIME) < 1 ? nodeOf(node.id, index + step) : node)),
      )
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return <DagGraph label="Graph" nodes={nodes} edges={edges} height={760} selection={selection} onSelect={setSelection} />
}

createRoot(document.getElementById('root')!).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariables}
    defaultColorScheme={search.get('theme') === 'dark' ? 'dark' : 'light'}
  >
    <Page />
  </MantineProvider>,
)
