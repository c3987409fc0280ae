/** The value that a share of the samples does not exceed (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new Error('There are no samples to take a percentile of.')
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}

/** Of an even number the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

export interface Spread {
  readonly p50: number
  readonly p99: number
}

export function spreadOf(samples: readonly number[]): Spread {
  return { p50: tenths(percentile(samples, 0.5)), p99: tenths(percentile(samples, 0.99)) }
}

export const tenths = (value: number): number => Math.round(value * 10) / 10
