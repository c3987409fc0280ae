/**
 * A gray release: of two versions one takes a share of the runs. Which one a run gets follows from its key alone, so that the same key
 * goes to the same version for as long as the share stands, and a larger share only moves keys from the first to the second.
 *
 * @param percent of the keys that go to `gray`, 1 to 99; null: there is no second version
 * @example
 * chooseVersion({ active: 7, gray: 8, percent: 10 }, grayHash('customer-42'))
 */
export function chooseVersion<Version>(
  share: { readonly active: Version; readonly gray: Version | null; readonly percent: number | null },
  hash: number,
): Version {
  const { active, gray, percent } = share
  return gray !== null && percent !== null && hash % 100 < percent ? gray : active
}

/** FNV-1a with a final mix, 32 bits: keys that differ in their last letter alone spread over all hundred shares. */
export function grayHash(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
