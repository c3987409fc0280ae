import type { Client } from '@carillon/contract'
import type { LogSource } from './use-log.ts'

/** Saves the whole log as a file. It is fetched, as a link could not say in which tenant. */
export async function saveLog(api: Client, { instance, attempt }: LogSource, name: string): Promise<void> {
  const pieces: string[] = []
  for await (const piece of await api.instances.logText({ params: { instance }, query: { attempt } })) pieces.push(piece)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(pieces, { type: 'text/plain' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
