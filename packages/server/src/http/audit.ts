const SECRET_KEY = /pass(word|wd|phrase)|secret|token|authorization|api[-_]?key|credential|private[-_]?key|cookie/i
const MASK = '********'

/** A copy in which everything that looks like a secret by its key is masked: what is audited is kept for ever and read by others. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecrets)
  if (typeof value !== 'object' || value === null) return value
  const masked: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) masked[key] = isSecret(key, child) ? MASK : maskSecrets(child)
  return masked
}

function isSecret(key: string, value: unknown): boolean {
  return value !== null && value !== '' && SECRET_KEY.test(key)
}
