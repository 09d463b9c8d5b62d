import { expect, test } from '@jest/globals'
import type { Json } from '../../src/core/types.ts'
import { parseJsonObject } from '../../src/gateway/json-body.ts'

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

const texts = ['', 'a', ':', '"', '\\', '\\"', '":"', '{"x":1}', '\\\\":', 'ü😀', '\u2028', '\n\t', ',}', '\\u0022:']

function value(next: (below: number) => number, depth: number): Json {
  const kind = next(depth > 4 ? 4 : 7)
  if (kind === 0) return next(1_000) / 8 - 50
  if (kind === 1) return next(2) === 0
  if (kind === 2) return null
  if (kind === 3) return texts[next(texts.length)] as string
  if (kind === 4) return Array.from({ length: next(4) }, () => value(next, depth + 1))
  return object(next, depth + 1)
}

const object = (next: (below: number) => number, depth: number): Json =>
  Object.fromEntries(Array.from({ length: next(5) }, (_, i) => [`${texts[next(texts.length)]}${i}`, value(next, depth + 1)]))

const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8')

test('whatever JSON says comes through as it is, and a member that is there twice never does', () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const next = random(seed)
    const wanted = { first: object(next, 0), last: value(next, 0) }
    const text = JSON.stringify(wanted, null, next(3))
    expect(parseJsonObject(bytesOf(text))).toEqual(wanted)
    const twice = text.replace(/\}$/, ',"l\\u0061st":0}')
    expect(() => parseJsonObject(bytesOf(twice))).toThrow('two members of the same name')
  }
})

test('every cut of a document is refused', () => {
  const text = JSON.stringify({ a: ['x\\"', { b: 1.5e3 }], 'c:d': null })
  for (let length = 0; length < text.length; length++)
    expect(() => parseJsonObject(bytesOf(text.slice(0, length)))).toThrow(/not (complete )?JSON/)
})

test('64 levels are fine, one more is not', () => {
  const nested = (levels: number): Buffer => bytesOf(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
  expect(() => parseJsonObject(nested(64))).not.toThrow()
  expect(() => parseJsonObject(nested(65))).toThrow('deeper than 64')
})

test('what it says about a mistake does not repeat the text', () => {
  expect(() => parseJsonObject(bytesOf('{"pin": 1234 secret}'))).toThrow(/^The body is not JSON at character 13$/)
})
