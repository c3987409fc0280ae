/**
 * What is wrong with an address that this server is to call, as it is written, or null. Where its host leads is judged when it is dialled.
 *
 * @example webAddressProblem('ftp://example.com') // 'begins with ftp:; only http: and https: are called'
 */
export function webAddressProblem(text: string): string | null {
  // The URL standard drops tabs and line ends in silence; an address that has them was not written by a person.
  if (/[\0-\x20\x7f]/.test(text)) return 'contains a space or control character'
  if (!URL.canParse(text)) return 'cannot be read; write it as https://host/path'
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `begins with ${url.protocol}; only http: and https: are called`
  if (url.username !== '' || url.password !== '') return 'contains a user or password; send them in a header'
  if (url.port === '0') return 'has port 0; ports are 1 to 65535'
  return null
}

/** The same of an address below which paths are called. */
export function baseAddressProblem(text: string): string | null {
  const problem = webAddressProblem(text)
  if (problem !== null) return problem
  return /[?#]/.test(text) ? 'has a query or a fragment, behind which no path can be called' : null
}
