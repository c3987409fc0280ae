import type { Candidate, Route } from './strategy.ts'

/**
 * Rendezvous hashing: each candidate draws a number from the key, the largest in the light of its weight is chosen. When one of n leaves, only
 * its own keys move, and when one joins it takes 1/n from all (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker 2005).
 */
export const consistentHash: Route = ({ candidates, key }) => {
  const seed = hashText(key)
  let index = 0
  let best = -Infinity
  for (let place = 0; place < candidates.length; place++) {
    const score = scoreOf(candidates[place]!, seed)
    if (score > best) {
      best = score
      index = place
    }
  }
  return { index }
}

/** Negative; a candidate of twice the weight is the largest twice as often. */
function scoreOf({ executorId, weight }: Candidate, seed: number): number {
  const low = executorId % TWO_TO_32
  const drawn = mix(mix(seed ^ low) ^ ((executorId - low) / TWO_TO_32))
  return Math.log((drawn + 1) / (TWO_TO_32 + 1)) / weight
}

const TWO_TO_32 = 2 ** 32

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** The finalizer of MurmurHash3: every bit of the input changes each bit of the output half of the time. */
function mix(word: number): number {
  let hash = word | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
