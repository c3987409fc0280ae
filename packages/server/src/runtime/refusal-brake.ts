/**
 * Holds back addresses whose calls keep being refused: each may be refused so often at once, and then so often a second. Who is let in costs
 * nothing. The memory is bounded; the address that was refused longest ago is forgotten first.
 */
export interface RefusalBrake {
  holdsBack(address: string): boolean
  refused(address: string): void
  /** Takes one refusal back: what was counted beforehand has turned out well. */
  letIn(address: string): void
}

export interface RefusalBrakeOptions {
  readonly atOnce: number
  readonly perSecond: number
  readonly addresses: number
  /** Milliseconds that only rise. */
  readonly now: () => number
}

export function createRefusalBrake({ atOnce, perSecond, addresses, now }: RefusalBrakeOptions): RefusalBrake {
  const known = new Map<string, { count: number; at: number }>()
  const countOf = (address: string) => {
    const { count, at } = known.get(address) ?? { count: 0, at: 0 }
    return Math.max(0, count - ((now() - at) / 1000) * perSecond)
  }
  return {
    holdsBack: (address) => countOf(address) > atOnce - 1,
    refused(address) {
      const count = countOf(address) + 1
      known.delete(address)
      known.set(address, { count, at: now() })
      if (known.size > addresses) known.delete(known.keys().next().value!)
    },
    letIn(address) {
      if (known.has(address)) known.set(address, { count: Math.max(0, countOf(address) - 1), at: now() })
    },
  }
}
