/**
 * Milliseconds of processor time that an action takes, the best of some: what counts is what it takes, not what else the machine does
 * meanwhile.
 */
export function bestTimeOf(action: () => unknown, times = 5): number {
  const once = () => {
    const before = process.cpuUsage()
    action()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
  return Math.min(...Array.from({ length: times }, once))
}
