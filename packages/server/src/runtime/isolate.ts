/** SQLSTATE classes that blame the data: one row twice, bad value, broken constraint, beyond a limit. The rest blames the circumstances. */
const DATA_ERRORS = new Set(['21', '22', '23', '54'])

export function isDataError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && DATA_ERRORS.has(code.slice(0, 2))
}

/** As `isDataError`, and what has no SQLSTATE: it was thrown by a decision about an item. */
export const blamesItem = (error: unknown): boolean => (error as { code?: unknown }).code === undefined || isDataError(error)

/**
 * Runs a batch so that one bad item harms only itself: when the batch fails because of its data it is halved until the culprits stand
 * alone, and those get `refuse`. An error that is nobody's fault (a lost connection) goes to the caller.
 *
 * @param isItsFault which errors are an item's fault
 */
export async function isolate<Item, Answer>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<Answer[]>,
  refuse: (item: Item, error: unknown) => Answer | Promise<Answer>,
  isItsFault: (error: unknown) => boolean = isDataError,
): Promise<Answer[]> {
  try {
    return await run(items)
  } catch (error) {
    if (!isItsFault(error)) throw error
    if (items.length === 1) return [await refuse(items[0]!, error)]
    const middle = Math.ceil(items.length / 2)
    const first = await isolate(items.slice(0, middle), run, refuse, isItsFault)
    return [...first, ...(await isolate(items.slice(middle), run, refuse, isItsFault))]
  }
}
