import { createHmac } from 'node:crypto'
import { defineHandler, type Handler } from '@carillon/executor'
import type { EgressOptions } from './egress.ts'
import { deliver, Rejected, type DeliveryOutput, type Recipients } from './deliver.ts'
import { post } from './post.ts'

export interface WebhookParams {
  readonly to: Recipients
  readonly body: unknown
  readonly signingKey?: string
  readonly batchSize?: number
}

/** Sends JSON to each address, with `idempotency-key`, and `carillon-signature: sha256=<hex>` where a key is given. */
export function createWebhookHandler({ egressOf }: EgressOptions): Handler {
  return defineHandler({
    name: 'webhook',
    run: (context): Promise<DeliveryOutput> => {
      const params = context.params as WebhookParams
      const body = JSON.stringify(params.body)
      const signature =
        params.signingKey === undefined ? undefined : createHmac('sha256', params.signingKey).update(body).digest('hex')
      return deliver(context, params, async ({ to, id }) => {
        const headers = { 'idempotency-key': id, ...(signature !== undefined && { 'carillon-signature': `sha256=${signature}` }) }
        assertTaken(await post(to, body, { egress: egressOf(context.tenant), signal: context.signal, headers }))
      })
    },
  })
}

/** 4xx says that the message is wrong, but for those that ask for another time. */
export function assertTaken({ status, text }: { readonly status: number; readonly text: string }): void {
  if (status >= 200 && status <= 299) return
  const said = `answered ${status}: ${text.slice(0, 200)}`
  if (status >= 300 && status <= 499 && status !== 408 && status !== 429) throw new Rejected(said)
  throw Object.assign(new Error(`The other side ${said}`), { code: 'WEBHOOK_FAILED' })
}
