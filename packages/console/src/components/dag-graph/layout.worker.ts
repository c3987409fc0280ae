import { layOut } from './layout.ts'
import type { Shape } from './ranks.ts'

/** Lays out on a thread of its own: a thousand nodes would hold up the page for a second. */
self.onmessage = ({ data }: MessageEvent<{ readonly job: number; readonly input: Shape }>) => {
  self.postMessage({ job: data.job, places: layOut(data.input) })
}
