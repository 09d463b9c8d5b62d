/** A list that is not whole says so wherever an answer is read. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Action, Run } from '../../src/core/types.ts'
import { resultOf } from '../../src/gateway/mcp/results.ts'
import { runView } from '../../src/gateway/run-view.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const manifest = (partial: string) => `
bot: lists
version: 1.0.0
title: Lists
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  read:
    title: Read a list
    description: Reads a list.
    effect: read
    scopes: [lists:read]
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object, properties: { rows: { type: array, items: { type: number } } } }
    result: { rows: [1] }
${partial}`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [manifest('    partial: { rows: \'the page says "1–1 of 57" ü\', more: x }')] })
})
afterAll(() => gateway.close())

test('in a header of the answer, which is the output itself; in the run; in its text', async () => {
  const answer = await gateway.call('/v1/actions/lists_read', { body: {} })
  expect([answer.status, answer.json]).toEqual([200, { rows: [1] }])
  expect(answer.headers.get('result-partial')).toBe('"rows";reason="the page says \\"1-1 of 57\\" ?", "more";reason="x"')
  const id = answer.headers.get('run-id')
  const { json } = await gateway.call(`/v1/runs/${id}`)
  const partial = [
    { name: 'rows', reason: 'the page says "1–1 of 57" ü' },
    { name: 'more', reason: 'x' }
  ]
  expect(json.partial).toEqual(partial)
  const { text } = await gateway.call(`/v1/runs/${id}?view=text`)
  expect(text).toContain('Not all of it: rows is partial, as «the page says "1–1 of 57" ü».')
})

test('to an MCP client, and not of a list that is whole', async () => {
  const action = { output: { type: 'object' } } as unknown as Action
  const run = {
    id: 'run_1',
    status: 'completed',
    output: { rows: [] },
    artifacts: [],
    steps: [],
    history: [],
    createdAt: 0,
    updatedAt: 0,
    deadlineAt: 0,
    traceparent: ''
  }
  const told = await resultOf({ ...run, partial: [{ name: 'rows', reason: 'x' }] } as unknown as Run, action, { budget: 0 })
  expect(told).toMatchObject({ structuredContent: { rows: [] }, _meta: { partial: [{ name: 'rows', reason: '«x»' }] } })
  expect(JSON.stringify(told.content)).toContain('rows is partial, as «x»')
  const whole = await resultOf(run as unknown as Run, action, { budget: 0 })
  expect(JSON.stringify([whole, runView(run as unknown as Run)])).not.toContain('partial')
})
