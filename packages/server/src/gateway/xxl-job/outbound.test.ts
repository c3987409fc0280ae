import { expect, test } from 'vitest'
import { logBody, readAnswer, runBody, runPaths, urlOf, type Order } from './outbound.ts'

const order: Order = {
  jobId: 1_000_000_001,
  logId: 2_855_706_575_241_258,
  sentAt: 1_700_000_000_123,
  settings: { handler: 'greet' },
  params: {},
  timeoutMs: 0,
  shard: { index: 0, total: 1 },
}

test('all twelve fields are sent, each with a value of its own, whatever the task says', () => {
  expect(JSON.parse(JSON.stringify(runBody(order)))).toEqual({
    jobId: 1_000_000_001,
    executorHandler: 'greet',
    executorParams: '',
    executorBlockStrategy: 'SERIAL_EXECUTION',
    executorTimeout: 0,
    logId: 2_855_706_575_241_258,
    logDateTime: 1_700_000_000_123,
    glueType: 'BEAN',
    glueSource: '',
    glueUpdatetime: 0,
    broadcastIndex: 0,
    broadcastTotal: 1,
  })
})

test.each([
  [{}, ''],
  [{ executorParam: 'a=1 b=2' }, 'a=1 b=2'],
  [{ executorParam: '' }, ''],
  [{ executorParam: 5 }, '{"executorParam":5}'],
  [{ executorParam: 'x', upstream: { runId: 1, state: 'SUCCESS' } }, 'x'],
  [{ day: 'monday' }, '{"day":"monday"}'],
])('parameters are a text: %j is sent as %s', (params, text) => {
  expect(runBody({ ...order, params }).executorParams).toBe(text)
})

test('of a type that leaves its settings to its tasks, the parameters hold the settings and what the handler is given', () => {
  const params = { handler: 'import', blockStrategy: 'COVER_EARLY', params: { executorParam: 'x' } }
  expect(runBody({ ...order, settings: { fromParams: true }, params })).toMatchObject({
    ...{ executorHandler: 'import', executorBlockStrategy: 'COVER_EARLY', executorParams: 'x' },
  })
})

test('a script goes along, with a number that stays the same exactly as long as the script does', () => {
  const of = (source: string) => runBody({ ...order, settings: { glue: 'GLUE_SHELL', source } })
  expect(of('echo 1')).toMatchObject({ glueType: 'GLUE_SHELL', glueSource: 'echo 1', executorHandler: '' })
  expect(of('echo 1').glueUpdatetime).toBe(of('echo 1').glueUpdatetime)
  expect(of('echo 2').glueUpdatetime).not.toBe(of('echo 1').glueUpdatetime)
  expect(Number.isSafeInteger(of('echo 1').glueUpdatetime)).toBe(true)
})

test.each([
  [0, 0],
  [1, 1],
  [1_500, 2],
  [60_000, 60],
])('a time-out of %i ms is %i whole seconds: never less, and 0 means none', (timeoutMs, seconds) => {
  expect(runBody({ ...order, timeoutMs }).executorTimeout).toBe(seconds)
})

test('a shard is sent as part of a broadcast', () => {
  expect(runBody({ ...order, shard: { index: 2, total: 5 } })).toMatchObject({ broadcastIndex: 2, broadcastTotal: 5 })
})

test.each([
  ['http://127.0.0.1:9925/', 'http://127.0.0.1:9925/run'],
  ['http://127.0.0.1:9919', 'http://127.0.0.1:9919/run'],
  ['http://127.0.0.1:9983/job', 'http://127.0.0.1:9983/job/run'],
  ['http://127.0.0.1:9983/job//', 'http://127.0.0.1:9983/job/run'],
])('the address %s is called at %s: exactly one slash', (address, url) => {
  expect(urlOf(address, 'run')).toBe(url)
})

test('dialect C is called at /trigger, the others at /run, and the other word is the second try', () => {
  expect([runPaths('AB'), runPaths('C')]).toEqual([
    ['run', 'trigger'],
    ['trigger', 'run'],
  ])
})

test('a log is asked for with both names of its time', () => {
  expect(logBody(7, 123, 1)).toEqual({ logDateTim: 123, logDateTime: 123, logId: 7, fromLineNum: 1 })
})

test.each([
  ['Java 2.4', 200, '{"code":200}', null],
  ['Java 3.2', 200, '{"code":200,"msg":"Success"}', null],
  ['A: content', 200, '{"code":200,"msg":null,"content":{"isEnd":true}}', { isEnd: true }],
  ['B: data', 200, '{"code":200,"data":{"isEnd":true}}', { isEnd: true }],
  ['any status', 418, '{"code":200,"msg":"ok"}', null],
])('consent: %s', (_client, status, text, payload) => {
  expect(readAnswer(status, text)).toEqual({ kind: 'OK', payload })
})

test.each([
  ['Java', 200, '{"code":500,"msg":"job handler [x] not found."}', 'job handler [x] not found.', false],
  [
    'Java, block strategy',
    200,
    '{"code":500,"msg":"block strategy effect：Discard Later"}',
    'block strategy effect：Discard Later',
    false,
  ],
  [
    'Java of another dialect',
    200,
    '{"code":500,"msg":"invalid request, uri-mapping(/run) not found."}',
    'invalid request, uri-mapping(/run) not found.',
    true,
  ],
  ['its code as status', 500, '{"code":500,"msg":"no"}', 'no', false],
  ['litert: its code as status', 402, '{"code":402,"msg":"busy"}', 'busy', false],
  [
    'Go: a list of callbacks',
    200,
    '[{"logId":7,"handleCode":500,"handleMsg":"Task not registered"}]',
    'Task not registered',
    false,
  ],
  ['no code', 200, '{"status":"UP"}', 'The executor answered {"status":"UP"}', false],
  ['no such path', 404, '<h1>Not Found</h1>', 'It was answered with status 404: <h1>Not Found</h1>', true],
  ['forbidden', 403, 'no', 'It was answered with status 403: no', false],
])('refusal: %s', (_client, status, text, message, wrongPath) => {
  expect(readAnswer(status, text)).toEqual({ kind: 'REFUSED', message, wrongPath })
})

test.each([
  [502, '<h1>Bad Gateway</h1>'],
  [200, 'Welcome to nginx!'],
  [200, ''],
  [302, ''],
  [200, '{"code":200'],
  [504, '{"message":"The upstream server is timing out"}'],
  [500, '{"timestamp":1,"status":500,"error":"Internal Server Error","path":"/run"}'],
])('what is not from an executor, or not whole, says nothing of what was done: %i %s', (status, text) => {
  expect(readAnswer(status, text)).toMatchObject({ kind: 'UNREADABLE' })
})
