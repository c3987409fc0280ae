/** The search of an address as plain texts: `?state=FAILED,TIMEOUT&task=nightly`. Readable, and short enough to send to somebody. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search))
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
  const params = new URLSearchParams(texts.map(([key, value]) => [key, String(value)]))
  // Commas and colons are allowed in a query, and far easier to read.
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return text === '' ? '' : `?${text}`
}

/**
 * What the search of a page may hold; anything else is left alone by nobody.
 *
 * @example
 * validateSearch: textSearch('state', 'task')
 */
export function textSearch<const K extends string>(...keys: K[]) {
  return (search: Readonly<Record<string, unknown>>): { [key in K]?: string } => {
    const found = keys.flatMap((key) => (search[key] === undefined ? [] : [[key, String(search[key])] as const]))
    return Object.fromEntries(found) as { [key in K]?: string }
  }
}

/** The filter as the API takes several values: a list, or nothing. */
export function listOf<T extends string>(text: string | undefined): T[] | undefined {
  return text === undefined ? undefined : (text.split(',') as T[])
}

/** The filter as the API takes a flag: yes, no, or either. */
export function flagOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true'
}

/** The filter as the API takes labels; while one is being typed it is none yet. */
export function labelFilterOf(text: string | undefined): string[] | undefined {
  return text?.includes('=') ? [text] : undefined
}

/** An object without what is undefined: the API's types tell "left out" from "undefined". */
export function given<T extends object>(
  values: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
