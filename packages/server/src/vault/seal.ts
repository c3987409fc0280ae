import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Layout of what is sealed: one byte that names this layout, the nonce, the tag, the text. */
const LAYOUT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const KEY_BYTES = 32

/**
 * Encrypts with AES-256-GCM. `bound` is not stored but must be the same to open it again: it ties the ciphertext to its place, so that it
 * is of no use in another row.
 */
export function seal(key: Buffer, plain: Buffer, bound: readonly (string | number)[]): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aadOf(bound))
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([Buffer.of(LAYOUT), nonce, cipher.getAuthTag(), text])
}

/** The plain text, or null where key, place or bytes are not those of the sealing. */
export function open(key: Buffer, sealed: Buffer, bound: readonly (string | number)[]): Buffer | null {
  if (sealed[0] !== LAYOUT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) return null
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
  const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(aadOf(bound))
      .setAuthTag(tag)
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    return null
  }
}

const aadOf = (bound: readonly (string | number)[]) => Buffer.from(JSON.stringify(['carillon', ...bound]))
