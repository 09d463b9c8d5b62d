import { describe, expect, test } from '@jest/globals'
import type { Plan } from '../../adapters/soap/plan.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { bodyOf, load, readBody } from './imported.ts'

/** Fixture, value, and what stands inside `<t:Send>`. */
const constructs: readonly (readonly [string, JsonObject, string])[] = [
  ['sequence', { second: 2, first: 'a', third: true }, '><t:first>a</t:first><t:second>2</t:second><t:third>true</t:third>'],
  ['unqualified', { first: 'a', second: 'b' }, '><first>a</first><t:second>b</t:second>'],
  ['all', { b: '2', a: '1' }, '><t:a>1</t:a><t:b>2</t:b>'],
  ['choice', { id: '1', email: 'x' }, '><t:id>1</t:id><t:email>x</t:email>'],
  ['choice', { id: '1', street: 's', town: 't' }, '><t:id>1</t:id><t:street>s</t:street><t:town>t</t:town>'],
  ['choice-repeated', { choices: [{ add: '1' }, { drop: '2' }, { add: '3' }] }, '><t:add>1</t:add><t:drop>2</t:drop><t:add>3</t:add>'],
  [
    'sequence-repeated',
    {
      groups: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' }
      ]
    },
    '><t:key>a</t:key><t:value>1</t:value><t:key>b</t:key><t:value>2</t:value>'
  ],
  [
    'any',
    { id: '1', any: ['<x xmlns="urn:x">1</x>'], any_attributes: { '{urn:y}z': '2' } },
    ' xmlns:a0="urn:y" a0:z="2"><t:id>1</t:id><x xmlns="urn:x">1</x>'
  ],
  ['groups', { lang: 'en', given: 'A', family: 'B' }, ' lang="en"><t:given>A</t:given><t:family>B</t:family>'],
  ['simple-content', { price: { value: 9.5, currency: 'EUR' } }, '><t:price currency="EUR">9.5</t:price>'],
  ['extension', { item: { pages: 3, code: 'c', author: 'a' } }, '><t:item pages="3"><t:code>c</t:code><t:author>a</t:author></t:item>'],
  ['restriction', { item: { code: 'c' } }, '><t:item><t:code>c</t:code></t:item>'],
  [
    'abstract-type',
    {
      shape: [
        { xsi_type: 'Circle', name: 'c', radius: 1 },
        { xsi_type: 'Square', name: 's', side: 2 }
      ]
    },
    '><t:shape xsi:type="t:Circle"><t:name>c</t:name><t:radius>1</t:radius></t:shape><t:shape xsi:type="t:Square"><t:name>s</t:name><t:side>2</t:side></t:shape>'
  ],
  ['substitution-group', { Payment: [{ Cash: 1 }, { Card: 'x' }] }, '><t:Cash>1</t:Cash><t:Card>x</t:Card>'],
  ['union-list', { size: 'small', codes: [1, 2] }, '><t:size>small</t:size><t:codes>1 2</t:codes>'],
  [
    'facets',
    { code: 'AB123', age: 7, name: 'n', kind: 'A', huge: '12345678901234567890' },
    '><t:code>AB123</t:code><t:age>7</t:age><t:name>n</t:name><t:kind>A</t:kind><t:huge>12345678901234567890</t:huge>'
  ],
  ['nillable', { a: null, b: null, c: [1, null] }, '><t:a xsi:nil="true"/><t:b xsi:nil="true"/><t:c>1</t:c><t:c xsi:nil="true"/>'],
  ['defaults', { version: '2', unit: 'g' }, ' version="2"><t:unit>g</t:unit>'],
  [
    'mixed',
    { text: { content: 'a &lt; <t:b xmlns:t="urn:fixture">b</t:b>' } },
    '><t:text>a &lt; <t:b xmlns:t="urn:fixture">b</t:b></t:text>'
  ],
  [
    'recursion',
    { node: { name: 'a', child: [{ name: 'b', child: [] }] } },
    '><t:node><t:name>a</t:name><t:child><t:name>b</t:name></t:child></t:node>'
  ],
  [
    'prototype-names',
    { constructor_: 'c', toString: 's', __proto___: 'p' },
    '><t:constructor>c</t:constructor><t:toString>s</t:toString><t:__proto__>p</t:__proto__>'
  ],
  [
    'times',
    { at: '2026-01-31T09:30:00', day: '2026-01-31', clock: '09:30:00', data: 'AAAA', big: '9223372036854775807' },
    '><t:at>2026-01-31T09:30:00</t:at><t:day>2026-01-31</t:day><t:clock>09:30:00</t:clock><t:data>AAAA</t:data><t:big>9223372036854775807</t:big>'
  ],
  ['two-namespaces', { mine: { x: '1' }, theirs: { y: '2' } }, '><t:mine><t:x>1</t:x></t:mine><t:theirs><y>2</y></t:theirs>'],
  ['chameleon', { p: { q: 'w' } }, '><t:p><t:q>w</t:q></t:p>']
]

describe('each construct of XSD, as JSON and as XML', () => {
  test.each(constructs)('%s %j', async (name, value, content) => {
    const { actions, errors } = await load(name)
    expect(errors).toEqual([])
    const [action] = actions
    if (action === undefined) throw new Error('no action')
    expect(action.name).toBe('fixture_send')
    expect(action.checkInput(value)).toEqual([])
    expect(bodyOf(action, value)).toBe(`<t:Send${content}</t:Send>`)
    expect(readBody(action, `<t:Send${content}</t:Send>`)).toEqual(value)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each([
    ['choice', { id: '1' }],
    ['choice', { id: '1', email: 'x', town: 't' }],
    ['choice-repeated', { choices: [{ add: '1', drop: '2' }] }],
    ['abstract-type', { shape: [{ name: 'no kind' }] }],
    ['facets', { code: 'ab', age: 7, name: 'n', kind: 'A', huge: '1' }],
    ['facets', { code: 'AB123', age: 151, name: 'n', kind: 'A', huge: '1' }],
    ['facets', { code: 'AB123', age: 1, name: 'n', kind: 'X', huge: '1' }]
  ])('%s refuses %j', async (name, value) => {
    const { actions } = await load(name)
    expect(actions[0]?.checkInput(value)).not.toEqual([])
  })
})

describe('rpc', () => {
  const person = { name: 'A', tags: { items: ['x', 'y'] } }

  test('encoded elements say their type, and arrays their length', async () => {
    const { actions, errors } = await load('rpc')
    expect(errors).toEqual([])
    const action = actions.find(({ name }) => name === 'fixture_get_person')
    if (action === undefined) throw new Error('no action')
    expect(bodyOf(action, { person })).toBe(
      '<t:getPerson soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><person xsi:type="t:Person"><name xsi:type="xsd:string">A</name><tags xsi:type="t:Words" soapenc:arrayType="xsd:string[2]"><item xsi:type="xsd:string">x</item><item xsi:type="xsd:string">y</item></tags></person></t:getPerson>'
    )
  })

  test('literal ones are rpc too: their answers may name the return value as they like', async () => {
    const { actions } = await load('rpc')
    expect(actions.map(({ name, steps }) => [name, (steps as Plan).operation.rpc])).toEqual([
      ['fixture_get_person', true],
      ['fixture_store', true]
    ])
  })

  test('references of an answer are put back where they belong', async () => {
    const { actions } = await load('rpc')
    const action = actions.find(({ name }) => name === 'fixture_get_person')
    if (action === undefined) throw new Error('no action')
    const body =
      '<t:getPerson><person href="#1"/></t:getPerson><multiRef id="1"><name>A</name><tags href="#2"/></multiRef><multiRef id="2"><i>x</i><j>y</j></multiRef>'
    expect(readBody(action, body)).toEqual({ person })
  })

  test('a circle of references ends', async () => {
    const { actions } = await load('rpc')
    const [action] = actions
    if (action === undefined) throw new Error('no action')
    expect(() => readBody(action, '<t:getPerson><person href="#1"/></t:getPerson><multiRef id="1"><name href="#1"/></multiRef>')).toThrow(
      'references'
    )
  })

  test('a one-way operation has an empty output', async () => {
    const { actions } = await load('rpc')
    const action = actions.find(({ name }) => name === 'fixture_store')
    expect(action?.effect).toBe('write')
    expect(action?.output).toEqual({ type: 'object', additionalProperties: false, properties: {} })
    expect(action?.steps).toMatchObject({ operation: { answer: 'none' } })
  })
})
