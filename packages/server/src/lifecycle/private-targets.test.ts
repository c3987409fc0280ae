import { describe, expect, it } from 'vitest'
import { privateTargetProblem, privateTargetsOf } from './private-targets.ts'

describe('A private target', () => {
  it.each([
    '10.0.0.0/8',
    '10.20.0.7',
    '172.16.4.0/24',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '127.0.0.1',
    '::1',
    'fd12:3456::/32',
    'fc00::/7',
    'billing.internal',
    'db_1.corp',
    'printer',
    'xn--fsqu00a.internal',
  ])('may be %s', (entry) => expect(privateTargetProblem(entry)).toBeNull())

  it.each([
    ['0.0.0.0/0', 'reaches beyond private networks'],
    ['::/0', 'reaches beyond private networks'],
    ['10.0.0.0/7', 'reaches beyond private networks'],
    ['8.8.8.8', 'reaches beyond private networks'],
    ['224.0.0.0/8', 'reaches beyond private networks'],
    ['::ffff:10.0.0.0/104', 'reaches beyond private networks'],
    ['64:ff9b::a00:0/104', 'reaches beyond private networks'],
    ['fe80::/10', 'reaches beyond private networks'],
    ['169.254.169.254', 'where machines get their credentials'],
    ['169.254.0.0/16', 'where machines get their credentials'],
    ['100.100.100.200/32', 'where machines get their credentials'],
    ['fd00:ec2::254', 'where machines get their credentials'],
    ['10.20.30.40/8', 'write 10.0.0.0/8'],
    ['fd12::7/16', 'write fd12::/16'],
    ['10.0.0.0/33', 'is no range'],
    ['10.0.0.0/08.0', 'is no range'],
    ['10.0.0.0/-1', 'is no range'],
    ['10.0.0.0/', 'is no range'],
    ['10.1', 'neither'],
    ['012.0.0.1', 'neither'],
    ['0x0a000001', 'neither'],
    ['167772161', 'neither'],
    ['fe80::1%eth0', 'neither'],
    ['[::1]', 'neither'],
    ['Billing.internal', 'neither'],
    ['billing.internal.', 'neither'],
    ['*.internal', 'neither'],
    ['billing.internal:8080', 'neither'],
    ['user@billing.internal', 'neither'],
    ['http://billing.internal', 'is no range'],
    ['a..b', 'neither'],
    ['\u4f8b\u5b50.internal', 'neither'],
    ['billing internal', 'neither'],
    ['a'.repeat(64), 'neither'],
    ['', 'neither'],
    ['localhost', 'write 127.0.0.0/8'],
    ['db.localhost', 'write 127.0.0.0/8'],
  ])('may not be %s: it %s', (entry, problem) => expect(privateTargetProblem(entry)).toContain(problem))

  it('that may not be one opens nothing, however it came to be stored', () => {
    expect(privateTargetsOf(['0.0.0.0/0', 'localhost', '169.254.169.254'])).toEqual({ entries: [], ranges: [], names: new Set() })
  })
})
