import type { Client } from '@carillon/contract'
import { everyPage } from '../every-page.ts'

/** What documents cannot say of DAGs, of which they hold the active version alone; a line for each kind of thing that is there. */
export async function leftOut({ dags, dagVersions }: Client): Promise<string[]> {
  const [inactive, shares, drafts]: [string[], string[], string[]] = [[], [], []]
  for await (const { code, active, gray } of everyPage((query) => dags.list({ query }))) {
    if (active === null) inactive.push(code)
    if (gray !== null) shares.push(`${code} v${gray.number} ${gray.percent}%`)
    for await (const { number } of everyPage((query) =>
      dagVersions.list({ params: { dag: code }, query: { ...query, state: 'DRAFT' } }),
    ))
      drafts.push(`${code} v${number}`)
  }
  return [
    ['DAGs without an active version', inactive] as const,
    ['drafts', drafts] as const,
    ['shares of a gray release', shares] as const,
  ].flatMap(([what, which]) => (which.length === 0 ? [] : [`Left out, ${what}: ${which.join(', ')}.`]))
}
