import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'

/**
 * Of OWASP's equally strong settings for scrypt, the one that takes 32 MB, where N = 2^17 with p = 1 takes 128: a few people who sign in
 * at once must not take the node's memory. About a quarter of a second.
 */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 256 * 1024 * 1024 } satisfies ScryptOptions
const KEY_BYTES = 32

/** Longer ones would only make hashing slow. */
export const LONGEST_PASSWORD = 1_024

/** 120 random bits, to be read and typed. */
export const newPassword = () => randomBytes(15).toString('base64url')

/** `scrypt$N$r$p$salt$key`: the algorithm and its cost stand with the hash, so that both can be raised later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** What no password fits, at the cost of any other: for names that nobody has. */
export const hashOfNobody = () =>
  ['scrypt', COST.N, COST.r, COST.p, randomBytes(16).toString('base64url'), randomBytes(KEY_BYTES).toString('base64url')].join(
    '$',
  )

export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [algorithm, n, r, p, salt, key] = hash.split('$')
  if (algorithm !== 'scrypt' || salt === undefined || key === undefined || password.length > LONGEST_PASSWORD) return false
  const expected = Buffer.from(key, 'base64url')
  const actual = await derive(password, Buffer.from(salt, 'base64url'), {
    N: Number(n),
    r: Number(r),
    p: Number(p),
    maxmem: COST.maxmem,
  })
  return expected.length === actual.length && timingSafeEqual(actual, expected)
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
