import { expect, test } from 'vitest'
import { OK, outputOf, readCallbacks, readRegistration, refusal } from './inbound.ts'

// Bodies as real clients send them.

test('the answer serves all dialects: what Java reads as content or data is null, never an object', () => {
  expect(JSON.stringify(OK)).toBe('{"code":200,"msg":null,"content":null,"data":null}')
  expect(refusal('why')).toEqual({ code: 500, msg: 'why', content: null, data: null })
})

test.each([
  [
    'Java',
    '{"registryGroup":"EXECUTOR","registryKey":"shop","registryValue":"http://127.0.0.1:9925/"}',
    'http://127.0.0.1:9925/',
  ],
  [
    'Go, Python',
    '{"registryGroup":"EXECUTOR","registryKey":"shop","registryValue":"http://10.0.0.7:9919"}',
    'http://10.0.0.7:9919',
  ],
  [
    'npm',
    '{"registryGroup":"EXECUTOR","registryKey":"shop","registryValue":"http://127.0.0.1:9983/job"}',
    'http://127.0.0.1:9983/job',
  ],
  [
    'npm with ip and port',
    '{"registryGroup":"EXECUTOR","registryKey":"shop","registryValue":"10.0.0.7:9983/job"}',
    'http://10.0.0.7:9983/job',
  ],
])('a registration of %s says app and address', (_client, body, address) => {
  expect(readRegistration(JSON.parse(body))).toEqual({ kind: 'VALUE', value: { app: 'shop', address } })
})

test.each([
  ['an app that is blank', { registryGroup: 'EXECUTOR', registryKey: ' ', registryValue: 'http://a' }, 'Illegal Argument'],
  ['no address', { registryGroup: 'EXECUTOR', registryKey: 'shop' }, 'Illegal Argument'],
  ['a list, as a callback is one', [], 'Illegal Argument'],
  ['a text', '"x"', 'Illegal Argument'],
  ['another group', { registryGroup: 'ADMIN', registryKey: 'shop', registryValue: 'http://a' }, 'EXECUTOR'],
  ['another protocol', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'ftp://a' }, 'registryValue'],
  ['a user in the address', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'http://u:p@a' }, 'without a user'],
  ['a query', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'http://a/?x=1' }, 'registryValue'],
  ['a line end', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'http://a\nb' }, 'registryValue'],
  ['no host', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'http://' }, 'registryValue'],
  ['a port 0', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: 'http://a:0' }, 'registryValue'],
  ['an endless address', { registryGroup: 'EXECUTOR', registryKey: 'shop', registryValue: `http://a/${'x'.repeat(200)}` }, '200'],
])('a registration with %s is refused, and told why', (_what, body, message) => {
  expect(readRegistration(body)).toEqual({ kind: 'REFUSED', message: expect.stringContaining(message) })
})

test.each([
  [
    'A and B: a list',
    '[{"logId":7,"logDateTim":1700000000000,"handleCode":200,"handleMsg":null}]',
    [{ logId: 7, code: 200, message: null }],
  ],
  [
    'C: an object with a list',
    '{"callbackList":[{"logId":7,"logDateTime":1700000000000,"handleCode":502,"handleMsg":"job execute timeout "}]}',
    [{ logId: 7, code: 502, message: 'job execute timeout ' }],
  ],
  ['litert after a kill: an empty list', '[]', []],
  [
    '2.2 and older: executeResult',
    '[{"logId":7,"logDateTim":1,"executeResult":{"code":500,"msg":"broke"}}]',
    [{ logId: 7, code: 500, message: 'broke' }],
  ],
  [
    'Go and Python: both, and handleCode counts',
    '[{"logId":7,"logDateTim":1,"handleCode":200,"handleMsg":"ok","executeResult":{"code":500,"msg":"x"}}]',
    [{ logId: 7, code: 200, message: 'ok' }],
  ],
  [
    'Python: a message of any type',
    '[{"logId":7,"handleCode":200,"handleMsg":{"rows":3}}]',
    [{ logId: 7, code: 200, message: '{"rows":3}' }],
  ],
  ['a number as text', '[{"logId":"7","handleCode":"200"}]', [{ logId: 7, code: 200, message: null }]],
  ['no code at all is no success', '[{"logId":7}]', [{ logId: 7, code: 0, message: null }]],
  [
    'rubbish beside it harms nothing',
    '[null,3,"x",{},{"logId":9007199254740993,"handleCode":200},{"logId":-1},{"logId":7,"handleCode":200}]',
    [{ logId: 7, code: 200, message: null }],
  ],
])('a callback of %s', (_client, body, endings) => {
  expect(readCallbacks(JSON.parse(body))).toEqual({ kind: 'VALUE', value: endings })
})

test.each([['{"registryGroup":"EXECUTOR"}'], ['{"callbackList":{}}'], ['7'], ['null']])(
  'a body that is no callback in any dialect is refused: %s',
  (body) => {
    expect(readCallbacks(JSON.parse(body))).toMatchObject({ kind: 'REFUSED', message: expect.stringContaining('callbackList') })
  },
)

test.each([
  ['"\\"done\\""', 'done'],
  ['"{\\"rows\\":3}"', { rows: 3 }],
  ['"job handler success"', 'job handler success'],
  ['""', undefined],
  ['null', undefined],
])('the output of a run that called back with the message %s', (message, output) => {
  expect(outputOf(JSON.parse(message) as string | null)).toEqual(output)
})
