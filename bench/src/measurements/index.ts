import type { Measurement } from '../bench.ts'
import { throughput } from './throughput.ts'

/** In the order in which they run. */
export const measurements: readonly Measurement[] = [throughput]
