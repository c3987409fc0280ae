import type { PullEvent } from './docker-api.ts'

/** Adds up the layers of an image that is being pulled. */
export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number }>()
  #told = -1

  /** How far it is, as a text; null where that is what was said last. */
  take({ id, status, progressDetail }: PullEvent): string | null {
    const { current, total } = progressDetail ?? {}
    if (id === undefined || status !== 'Downloading' || current === undefined || total === undefined || total <= 0) return null
    this.#layers.set(id, { current, total })
    const layers = [...this.#layers.values()]
    const done = layers.reduce((sum, layer) => sum + layer.current, 0)
    const all = layers.reduce((sum, layer) => sum + layer.total, 0)
    const percent = Math.floor((100 * done) / all)
    if (percent === this.#told) return null
    this.#told = percent
    return `${percent} % of ${(all / 1e6).toFixed(1)} MB`
  }
}
