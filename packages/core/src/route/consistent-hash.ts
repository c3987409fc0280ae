import type { Route } from './strategy.ts'

/**
 * Rendezvous hashing: each candidate draws a number from the key, the largest in the light of its weight is chosen. When one of n leaves, only
 * its own keys move, and when one joins it takes 1/n from all (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker 2005).
 */
export const consistentHash: Route = ({ candidates, key }) => {
  const seed = hashText(key)
  let index = 0
  let best = -Infinity
  for (let place = 0; place < candidates.length; place++) {
    const { executorId, weight } = candidates[place]!
    const drawn = drawOf(executorId, seed)
    // The logarithm is dear, and never above this.
    if (drawn - 1 <= best * weight) continue
    const score = Math.log(drawn) / weight
    if (score > best) {
      best = score
      index = place
    }
  }
  return { index }
}

/** In (0, 1); from all bits of the number: `|` keeps the lower 32. */
function drawOf(executorId: number, seed: number): number {
  const folded = Math.imul(executorId | 0, GOLDEN) ^ (executorId / TWO_TO_32)
  return (mix(seed ^ folded) + 1) / (TWO_TO_32 + 1)
}

const GOLDEN = 0x9e3779b1
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
