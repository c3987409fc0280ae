/** SQLSTATE classes that blame the data: one row twice, bad value, broken constraint, beyond a limit. The rest blames the circumstances. */
const DATA_ERRORS = new Set(['21', '22', '23', '54'])

export function isDataError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && DATA_ERRORS.has(code.slice(0, 2))
}

/** What the driver says, without any code, of a connection that it lost or did not get. */
const CONNECTION_TROUBLE =
  /^(Connection terminated|timeout (expired|exceeded)|Query read timeout|Client (has encountered a connection error|was closed)|Cannot use a pool|Received unexpected)/

export const isConnectionTrouble = (error: unknown): boolean =>
  CONNECTION_TROUBLE.test((error as { message?: string }).message ?? '')

/** A transaction would do more than one may do at once: the batch is to be taken apart. */
export class TooMuchAtOnce extends Error {
  override readonly name = 'TooMuchAtOnce'
  readonly code = 'TOO_MUCH_AT_ONCE'
}

/** A statement or a transaction that took too long: half of the batch may not. */
const TOO_LONG = new Set<unknown>(['57014', '25P04', 'TOO_MUCH_AT_ONCE'])

export const isTooMuch = (error: unknown): boolean => TOO_LONG.has((error as { code?: unknown }).code)

/** As `isDataError`, and what has no code: it was thrown by a decision about an item. */
export function blamesItem(error: unknown): boolean {
  return isDataError(error) || ((error as { code?: unknown }).code === undefined && !isConnectionTrouble(error))
}

/** As `blamesItem`, and what took too long: where an item is put off for it, which does no harm if it was not the item's fault. */
export const blamesItemOrSize = (error: unknown): boolean => blamesItem(error) || isTooMuch(error)

/**
 * Runs a batch so that one bad item harms only itself: when the batch fails because of its data it is halved until the culprits stand
 * alone, and those get `refuse`. One that is too much is halved as well. An error that is nobody's fault (a lost connection) goes to the caller.
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
    const alone = items.length === 1
    if (items.length === 0 || !(isItsFault(error) || (isTooMuch(error) && !alone))) throw error
    if (alone) return [await refuse(items[0]!, error)]
    const middle = Math.ceil(items.length / 2)
    const first = await isolate(items.slice(0, middle), run, refuse, isItsFault)
    return [...first, ...(await isolate(items.slice(middle), run, refuse, isItsFault))]
  }
}
