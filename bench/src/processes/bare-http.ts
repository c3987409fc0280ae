import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '../harness/child.ts'

/** The floor of everything that is asked over HTTP: reads a JSON body, keeps nothing, answers a small JSON object. */
const calls = {
  async start() {
    const server = createServer(async (request, response) => {
      const { session } = JSON.parse(await bodyOf(request)) as { session: number }
      const answer = JSON.stringify({ session, leaseMs: 30_000, control: { stop: [], lost: [], status: 'ONLINE' } })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  },
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string
  return text
}

export type BareHttpCalls = typeof calls

serve(calls)
