const LARGEST_PAGE = 200

interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** The items of a list in its order; a page is asked for when the ones before it are used up. */
export async function* everyPage<Item>(
  ask: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<Item> = await ask({ limit: LARGEST_PAGE, ...(cursor === undefined ? {} : { cursor }) })
    yield* page.items
    cursor = page.nextCursor
  }
}
