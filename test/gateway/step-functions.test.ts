/** The sample for AWS Step Functions, with the functions as they are uploaded; only the service itself is stood in for. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { callbackSecret } from '../../src/governance/callback-secret.ts'
import { until } from '../setup/until.ts'
import { dataKey, type OpenGateway, openGateway } from './open-gateway.ts'
import { openReceiver, type Receiver } from './receiver.ts'

interface Result {
  readonly taskToken: string
  readonly output?: string
  readonly error?: string
  readonly cause?: string
}
interface Event {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}
interface Receiving {
  readonly secrets: readonly string[]
  readonly now?: number
  send(result: Result): Promise<void>
}
type Start = (task: { action: string; input: object; key: string; token: string }) => Promise<{ runId: string }>
type Receive = (event: Event, receiving: Receiving) => Promise<{ statusCode: number }>

const machine = JSON.parse(readFileSync('clients/step-functions/state-machine.asl.json', 'utf8'))
const errorsOf = (rules: readonly { readonly ErrorEquals: readonly string[] }[]) => rules.flatMap(({ ErrorEquals }) => ErrorEquals)
const sample = (name: string) => import(new URL(`../../clients/step-functions/${name}`, import.meta.url).href)
const start: Start = async task => (await sample('start.mjs')).handler(task)
const receive: Receive = async (event, receiving) => (await sample('receive.mjs')).receive(event, receiving)

let receiver: Receiver
let gateway: OpenGateway
let secrets: readonly string[]
let results: Result[] = []
const events: Event[] = []
const before = { ...process.env }

beforeAll(async () => {
  receiver = await openReceiver()
  gateway = await openGateway({ callbacks: { origins: [receiver.origin], times: { firstMs: 20, mostMs: 50 } } })
  const { id, key } = await gateway.keys.create({ name: 'sfn', tenant: 'default', scopes: ['*'], callbacks: [receiver.origin] })
  secrets = [callbackSecret({ dataKey, tenant: 'default', clientId: id, generation: 1 })]
  Object.assign(process.env, { RETROFIT_URL: gateway.url, RETROFIT_KEY: key, CALLBACK_URL: `${receiver.origin}/function` })
  const send = async (result: Result) => void results.push(result)
  receiver.answer = async (_, response) => {
    const { headers, body } = receiver.received.at(-1) as Event
    events.push({ headers, body })
    response.writeHead((await receive({ headers, body }, { secrets, send })).statusCode).end()
  }
})
afterAll(async () => {
  process.env = before
  await gateway.close()
  await receiver.close()
})
beforeEach(() => {
  results = []
})

const resultOf = (token: string) => until('the result', () => results.find(({ taskToken }) => taskToken === token))

describe('a task', () => {
  test('ends with the output of the run', async () => {
    await start({ action: 'demo_echo', input: { text: 'hello' }, key: 'execution-1', token: 'AAAA/token+1==' })
    expect(await resultOf('AAAA/token+1==')).toEqual({ taskToken: 'AAAA/token+1==', output: '{"text":"hello"}' })
  })

  test('ends with the code of the problem, by which the state machine branches', async () => {
    const { runId } = await start({ action: 'demo_lost', input: {}, key: 'execution-2', token: 'token-2' })
    const { error, cause } = await resultOf('token-2')
    expect([error, JSON.parse(cause ?? '')]).toEqual(['outcome_unknown', expect.objectContaining({ runId, effect: 'unknown' })])
    expect(errorsOf(machine.States.Transfer.Catch)).toContain(error)
  })

  test('that is tried again gets the same run, and the new token its end', async () => {
    const task = { action: 'demo_note', input: { text: 'once' }, key: 'execution-3' }
    const [first, second] = [await start({ ...task, token: 'token-3' }), await start({ ...task, token: 'token-4' })]
    expect(second.runId).toBe(first.runId)
    expect((await resultOf('token-4')).output).toBe((await resultOf('token-3')).output)
  })

  test('is refused by name: what can not help is not tried again', async () => {
    const task = { action: 'demo_echo', input: { text: 1 }, key: 'execution-5', token: 'token-5' }
    await expect(start(task)).rejects.toMatchObject({ name: 'Retrofit.Refused', message: expect.stringContaining('invalid_input') })
    expect(errorsOf(machine.States.Transfer.Retry)).not.toContain('Retrofit.Refused')
  })
})

describe('a message', () => {
  const last = async (): Promise<Event> => {
    await start({ action: 'demo_echo', input: { text: 'x' }, key: `m-${events.length}`, token: 'token-m' })
    await resultOf('token-m')
    results = []
    return events.at(-1) as Event
  }
  const given = async (event: Event, receiving: Partial<Receiving> = {}) => {
    const sent: Result[] = []
    const answer = await receive(event, { secrets, send: async result => void sent.push(result), ...receiving })
    return [answer.statusCode, sent.length]
  }

  test('counts with its signature, of its time and as it is', async () => {
    const event = await last()
    const { headers, body } = event
    expect(await given(event)).toEqual([204, 1])
    expect(await given({ headers, body: Buffer.from(body).toString('base64'), isBase64Encoded: true } as Event)).toEqual([204, 1])
    expect(await given(event, { secrets: ['whsec_b3RoZXI=', ...secrets] })).toEqual([204, 1])
    expect(await given({ headers, body: body.replace('"x"', '"y"') })).toEqual([401, 0])
    expect(await given(event, { secrets: ['whsec_b3RoZXI='] })).toEqual([401, 0])
    expect(await given(event, { now: Date.now() + 600_000 })).toEqual([401, 0])
    expect(await given({ headers: { ...headers, 'webhook-timestamp': 'soon' }, body })).toEqual([401, 0])
    expect(await given({ headers: {}, body })).toEqual([401, 0])
  })

  test('for a task that is over has arrived; when the service fails it is sent again', async () => {
    const event = await last()
    const failing = (name: string) => ({ secrets, send: () => Promise.reject(Object.assign(new Error(), { name })) })
    expect((await receive(event, failing('TaskTimedOut'))).statusCode).toBe(204)
    await expect(receive(event, failing('ServiceUnavailable'))).rejects.toThrow()
  })
})
