import { describe, expect, it } from 'vitest'
import { EgressRefused } from './egress-guard.ts'
import { redirectOf, type HttpRequest } from './http-request.ts'

const request: HttpRequest = {
  method: 'POST',
  url: new URL('https://a.example/path'),
  headers: {
    'content-type': 'application/json',
    'idempotency-key': '7-42',
    authorization: 'Bearer secret',
    cookie: 'secret',
    'x-api-key': 'secret',
  },
  body: '{}',
}

describe('A redirect', () => {
  it('keeps all headers within its origin', () => {
    const next = redirectOf(request, 307, '/there?x=1')
    expect(next).toEqual({ ...request, url: new URL('https://a.example/there?x=1') })
  })

  it.each(['https://b.example/', 'https://a.example:8443/', '//b.example/'])(
    'to another origin keeps only headers that cannot be credentials: %s',
    (location) =>
      expect(redirectOf(request, 307, location)?.headers).toEqual({
        'content-type': 'application/json',
        'idempotency-key': '7-42',
      }),
  )

  it('that comes back to the first origin does not get the credentials again', () => {
    const away = redirectOf(request, 307, 'https://b.example/')!
    expect(redirectOf(away, 307, 'https://a.example/')?.headers).not.toHaveProperty('authorization')
  })

  it('from https to http is refused', () => {
    expect(() => redirectOf(request, 307, 'http://a.example/')).toThrow(EgressRefused)
  })

  it('from http to https is followed', () => {
    const plain = { ...request, url: new URL('http://a.example/') }
    expect(redirectOf(plain, 307, 'https://a.example/')?.url.href).toBe('https://a.example/')
  })

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ] as const)('with status %i makes %s a %s, which has a body or not', (status, before, after) => {
    const next = redirectOf({ ...request, method: before }, status, '/there')
    expect(next?.method).toBe(after)
    expect(next?.body).toBe(after === 'GET' ? null : '{}')
    expect('content-type' in next!.headers).toBe(after !== 'GET')
  })

  it.each([
    [200, '/there'],
    [300, '/there'],
    [304, '/there'],
    [302, undefined],
    [302, 'http://['],
  ])('is none with status %i and location %s', (status, location) => {
    expect(redirectOf(request, status, location)).toBeNull()
  })
})
