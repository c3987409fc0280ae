import { defineHandler } from '@carillon/executor'
import { withSession } from './database-session.ts'
import { deliver, type DeliveryOutput, type Recipients } from './deliver.ts'

export interface InboxParams {
  readonly source: string
  readonly table: string
  readonly to: Recipients
  readonly subject?: string
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly batchSize?: number
}

/** Writes a row for each recipient: id, recipient, subject, body, created_at. A repeated attempt finds its rows by their id and leaves them. */
export const inboxHandler = defineHandler({
  name: 'inbox',
  run: (context): Promise<DeliveryOutput> => {
    const params = context.params as InboxParams
    return withSession(params.source, context.signal, async ({ dialect, quote, query }) => {
      const columns = ['id', 'recipient', 'subject', 'body'].map(quote).join(', ')
      const [places, now] = dialect === 'postgres' ? ['$1, $2, $3, $4', 'now()'] : ['?, ?, ?, ?', 'current_timestamp']
      const into = `into ${quote(params.table)} (${columns}, ${quote('created_at')}) values (${places}, ${now})`
      const insert = dialect === 'postgres' ? `insert ${into} on conflict do nothing` : `insert ignore ${into}`
      return deliver(context, params, async ({ to, id, fill }) => {
        await query(insert, [id, to, fill(params.subject ?? ''), fill(params.text)])
      })
    })
  },
})
