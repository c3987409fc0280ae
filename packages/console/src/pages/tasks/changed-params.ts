/** A run's parameters are laid over the task's own: only what differs is sent, so that what is not shown (secrets) stays as it is. */
export function changedParams(own: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(wanted).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(own[key]))
  return Object.fromEntries(entries)
}
