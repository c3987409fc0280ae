import { expect, it } from 'vitest'
import { imageAllowed, imageName } from './image-name.ts'

it.each([
  ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['alpine:3', 'docker.io/library/alpine:3', 'alpine:3'],
  ['docker.io/library/alpine:3', 'docker.io/library/alpine:3', 'alpine:3'],
  ['index.docker.io/team/etl', 'docker.io/team/etl:latest', 'team/etl:latest'],
  ['localhost/etl', 'localhost/etl:latest', 'localhost/etl:latest'],
  [
    'registry.example.com:5000/team/etl',
    'registry.example.com:5000/team/etl:latest',
    'registry.example.com:5000/team/etl:latest',
  ],
  [`alpine@sha256:${'a'.repeat(64)}`, `docker.io/library/alpine@sha256:${'a'.repeat(64)}`, `alpine@sha256:${'a'.repeat(64)}`],
])('%s is %s', (text, full, short) => {
  expect(imageName(text)).toMatchObject({ full, short })
})

it.each(['', 'a b', 'a/../b', '../containers', 'alpine:3?x=1', 'alpine:', '/alpine', 'a//b'])('%j is no image', (text) => {
  expect(imageName(text)).toBeNull()
})

it.each([
  ['alpine', ['alpine:*'], true],
  ['docker.io/library/alpine:3', ['alpine:*'], true],
  ['evil/alpine:3', ['alpine:*'], false],
  ['registry.evil.com/alpine:3', ['alpine:*'], false],
  ['alpine.evil.com/x:3', ['alpine*'], false],
  ['registry.example.com/team/etl:1', ['registry.example.com/*'], false],
  ['registry.example.com/team/etl:1', ['registry.example.com/**'], true],
  ['registry-example.com/team/etl:1', ['registry.example.com/**'], false],
  ['registry.example.com.evil.com/etl:1', ['registry.example.com/**'], false],
  ['alpine:3', [], false],
])('%s against %j: %s', (text, patterns, allowed) => {
  expect(imageAllowed(imageName(text)!, patterns)).toBe(allowed)
})
