import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

const traceIdOf = async (traceparent: string): Promise<string> => {
  const { headers } = await gateway.call('/v1/actions/demo_echo', { body: { text: 'x' }, headers: { traceparent } })
  return (await gateway.call(`/v1/runs/${headers.get('run-id')}`)).json.traceId
}

test("a run belongs to the caller's trace", async () => {
  expect(await traceIdOf('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
})

test.each([
  'nonsense',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
])('a traceparent that is none begins a new trace: %s', async traceparent => {
  const traceId = await traceIdOf(traceparent)
  expect(traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(traceparent).not.toContain(traceId)
})
