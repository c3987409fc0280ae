import { useEffect, useMemo, useState } from 'react'
import type { EdgeId, Places, Point } from './model.ts'
import type { Shape } from './ranks.ts'

interface Answer {
  readonly job: number
  readonly places: Map<string, Point>
}

let worker: Worker | undefined
let jobs = 0
const waiting = new Map<number, (places: Map<string, Point>) => void>()

/** Places for all nodes, from the worker. */
export async function layOutAside(input: Shape): Promise<Map<string, Point>> {
  worker ??= startWorker()
  const job = ++jobs
  return new Promise((resolve) => {
    waiting.set(job, resolve)
    worker!.postMessage({ job, input })
  })
}

function startWorker(): Worker {
  const started = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' })
  started.addEventListener('message', ({ data: { job, places } }: MessageEvent<Answer>) => {
    waiting.get(job)?.(places)
    waiting.delete(job)
  })
  return started
}

/** Layouts of shapes seen before: a run's graph, its version's and the editor's are one. */
const known = new Map<string, Places>()
const MOST_KNOWN = 20

/** What a node's place comes from; it is the same object while that has not changed. */
export interface Placed {
  readonly id: string
  readonly position: Point | undefined
}

/**
 * Where nodes stand: as their definition says, else as the layout says. Null until the first layout is there; while a changed shape is laid
 * out, what is known of the last one stays.
 */
export function usePlaces(nodes: readonly Placed[], edges: readonly EdgeId[], labelled: boolean): Places | null {
  const placedByHand = nodes.every(({ position }) => position !== undefined)
  const shape = useMemo(
    () =>
      placedByHand
        ? ''
        : JSON.stringify([nodes.map(({ id }) => id).sort(), edges.map(({ from, to }) => [from, to].join(' ')).sort(), labelled]),
    [nodes, edges, labelled, placedByHand],
  )
  const [laidOut, setLaidOut] = useState<Places | null>(() => known.get(shape) ?? null)
  useEffect(() => {
    if (shape === '') return undefined
    const done = known.get(shape)
    if (done) {
      setLaidOut(done)
      return undefined
    }
    let wanted = true
    const input = {
      ids: nodes.map(({ id }) => id).sort(),
      edges: edges.map(({ from, to }) => ({ from, to })).sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to)),
      labelled,
    }
    void layOutAside(input).then((places) => {
      known.set(shape, places)
      if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!)
      if (wanted) setLaidOut(places)
    })
    return () => {
      wanted = false
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `shape` is what the layout is made of.
  }, [shape])
  return useMemo(() => {
    if (!placedByHand && laidOut === null) return null
    return new Map(nodes.map(({ id, position }) => [id, position ?? laidOut?.get(id) ?? { x: 0, y: 0 }]))
  }, [nodes, laidOut, placedByHand])
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b))
