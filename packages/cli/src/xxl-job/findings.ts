/** What a person has to know of an import before it is done. */
export interface Finding {
  /** LEFT_OUT: it is not carried over. DIFFERS: it is, and works differently. TO_DO: a person has to do it. */
  readonly kind: 'LEFT_OUT' | 'DIFFERS' | 'TO_DO'
  readonly text: string
  /** Numbers of the jobs that it holds for; empty: of the whole. */
  readonly jobs: readonly number[]
}

/** Gathers findings; the same one of several jobs becomes one. */
export class Findings {
  readonly #found = new Map<string, { kind: Finding['kind']; text: string; jobs: number[] }>()

  add(kind: Finding['kind'], text: string, job?: number): void {
    const key = `${kind} ${text}`
    const finding = this.#found.get(key) ?? { kind, text, jobs: [] }
    this.#found.set(key, finding)
    if (job !== undefined && !finding.jobs.includes(job)) finding.jobs.push(job)
  }

  all(): Finding[] {
    return [...this.#found.values()]
  }
}
