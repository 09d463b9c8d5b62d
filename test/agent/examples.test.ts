/** The programs in the loop's README: they are what a compiler takes, and they do what is said of them. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { DynamicStructuredTool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { asyncLocalStorage, Context } from '@temporalio/activity'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { type Model, openModel } from './model.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'src/agent/README.md'), 'utf8')
/** Each begins with the name of its file. */
const programs = [...readme.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => ({ name, text }))

let folder: string
let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  // Inside the checkout, so that they find their libraries.
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache/examples-'))
  for (const { name, text } of programs) {
    const inLoop = name === 'ask.ts'
    writeFileSync(join(folder, name), inLoop ? text.replaceAll("from './", "from '../../src/agent/") : text)
  }
  // Hardly any wait: what is not quick is answered 202.
  gateway = await openGateway({ settings: { defaultWaitMs: 1 } })
  model = await openModel()
})
afterAll(async () => {
  await model?.close()
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

const imported = async <T>(name: string): Promise<T> => (await import(join(folder, name))) as T

test('they are what a compiler takes', async () => {
  expect(programs.map(({ name }) => name)).toEqual(['ask.ts', 'langchain.ts', 'activities.ts', 'workflows.ts'])
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }))
  const tsc = [join(root, 'node_modules/.bin/tsc'), '--noEmit', '-p', folder]
  const compile = async (): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, tsc).catch((error: { stdout: string }) => error)
    return stdout
  }
  expect(await compile()).toBe('')
  // The check can fail.
  writeFileSync(join(folder, 'wrong.ts'), "import { retrofitTools } from './langchain.ts'\nretrofitTools(1)\n")
  expect(await compile()).toMatch(/^\S*wrong\.ts\(2,1\)/)
})

test('LangChain: the model calls an action, its run is waited for, the id of the call is the key', async () => {
  const { retrofitTools } = await imported<{ retrofitTools(url: string, key: string): Promise<DynamicStructuredTool[]> }>('langchain.ts')
  const tools = await retrofitTools(gateway.url, gateway.adminKey)
  const chat = new ChatOpenAI({ model: 'a-model', apiKey: 'a-key', configuration: { baseURL: `${model.url}/v1` } }).bindTools(tools)
  model.says({ calls: [{ id: 'call_lc', name: 'demo_slow', args: { text: 'done' } }] }, { text: 'It is done.' })
  const reply = await chat.invoke('Take your time.')
  const [call] = reply.tool_calls ?? []
  const result = await tools.find(({ name }) => name === call?.name)?.invoke({ ...call, type: 'tool_call' })
  expect(result.content).toBe('text: done')
  const last = await chat.invoke([['human', 'Take your time.'], reply, result])
  expect(last.content).toBe('It is done.')
  const again = await gateway.call('/v1/actions/demo_slow', { body: { text: 'done' }, headers: { 'idempotency-key': '"call_lc"' } })
  expect(again.headers.get('idempotent-replayed')).toBe('true')
})

interface Activities {
  createActivities(retrofit: { url: string; key: string }): { callAction(action: string, input: object): Promise<unknown> }
}

/** As a Temporal worker runs an activity, the server left out. */
async function asActivity<T>(activityId: string, work: () => Promise<T>): Promise<T> {
  const info = { activityId, workflowExecution: { workflowId: 'invoice-42', runId: 'r' } } as Context['info']
  const never = new Promise<never>(() => {})
  const context = Reflect.construct(Context, [info, never, new AbortController().signal, () => {}]) as Context
  return await asyncLocalStorage.run(context, work)
}

test('Temporal: the key is made of workflow and activity, so that a second try is the same run', async () => {
  const { createActivities } = await imported<Activities>('activities.ts')
  const { callAction } = createActivities({ url: gateway.url, key: gateway.adminKey })
  const pay = () => callAction('demo_pay', { to: { name: 'Ada' }, amount: 12 })
  const first = await asActivity('7', pay)
  expect(await asActivity('7', pay)).toEqual(first)
  expect((await gateway.call('/v1/runs?action=demo_pay')).json.runs).toHaveLength(1)
  await asActivity('8', pay)
  expect((await gateway.call('/v1/runs?action=demo_pay')).json.runs).toHaveLength(2)
  const replay = await gateway.call('/v1/actions/demo_pay', {
    body: { to: { name: 'Ada' }, amount: 12 },
    headers: { 'idempotency-key': '"invoice-42/7"' }
  })
  expect(replay.headers.get('idempotent-replayed')).toBe('true')
  await expect(asActivity('9', () => callAction('demo_lost', {}))).rejects.toMatchObject({ type: 'outcome_unknown', nonRetryable: true })
  await expect(asActivity('10', () => callAction('demo_broken', {}))).rejects.toMatchObject({ type: 'target_failed', nonRetryable: false })
})
