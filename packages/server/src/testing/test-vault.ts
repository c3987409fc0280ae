import { randomBytes } from 'node:crypto'
import { createVault } from '../vault/vault.ts'

/** A vault whose master key lives as long as the process. */
export const TEST_VAULT = createVault({ current: { id: 'test', bytes: randomBytes(32) }, previous: [] })
