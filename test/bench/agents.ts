/** One task of an agent, by driving a browser with the tools of @playwright/mcp, and by one wrapped action. */
import { request } from 'undici'
import { createPromptBuilder } from '../../src/agent/prompt.ts'
import { loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { besideSandbox, type Contenders } from './beside-sandbox.ts'
import { type Driven, driveBrowser } from './browser-agent.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { assumed, modelTimes } from './model-time.ts'
import { adminKey } from './start-ours.ts'
import { type Cost, costOf, type Transcript } from './transcript.ts'

const account = '40012345'
const action = 'teller_list_transactions'
/** Of `retrofit chat`; the model with the browser is told as much. */
const { instructions: prompt } = createPromptBuilder().build({ items: [], tools: [], mustAnswer: false })

export const benchAgents = ({ rounds }: BenchOptions): Promise<object> =>
  besideSandbox('teller', contenders => compare(contenders, Math.min(rounds, 3)))

async function compare({ sandbox, program }: Contenders, rounds: number): Promise<object> {
  const driven: Driven[] = []
  const called: Called[] = []
  const first = await callAction(program.url)
  for (let round = 1; round <= rounds; round++) {
    progress(`agents round ${round} of ${rounds}`)
    driven.push(await driveBrowser(sandbox.url, account))
    for (let i = 0; i < 5; i++) called.push(await callAction(program.url))
  }
  const [browser, wrapped] = [driven[0] as Driven, called[0] as Called]
  checkSame(browser.transcript, wrapped.transcript)
  const count = await loadTokenCounter()
  const sides = {
    browser: { ...costOf({ ...browser.transcript, prompt }, count), ms: median(driven.map(({ ms }) => ms)) },
    wrapped: { ...costOf({ ...wrapped.transcript, prompt }, count), ms: median(called.map(({ ms }) => ms)) }
  }
  const whole = costOf({ ...wrapped.transcript, prompt, definitions: JSON.stringify(await toolsOf(program.url)) }, count)
  printCosts(sides, whole)
  printTimes(sides, { browserStartMs: median(driven.map(({ startMs }) => startMs)), firstMs: first.ms })
  return {
    ...sides,
    wholeBot: whole,
    firstMs: rounded(first.ms, 0),
    browserStartMs: rounded(median(driven.map(({ startMs }) => startMs)), 0)
  }
}

type Side = Cost & { readonly ms: number }
type Sides = Readonly<Record<'browser' | 'wrapped', Side>>

const times = (a: number, b: number): string => `${rounded(a / b, a / b < 10 ? 1 : 0)} x`

function printCosts({ browser, wrapped }: Sides, whole: Cost): void {
  const row = (name: string, key: keyof Cost) => [name, browser[key], wrapped[key], times(browser[key], wrapped[key]), whole[key]]
  printTable(
    'Tokens of one task: log in, find an account, read its last ten transactions (o200k)',
    ['', 'browser tools', 'one action', 'fewer', 'all of the bot'],
    [
      row('prompt', 'prompt'),
      row('definitions', 'definitions'),
      row('results', 'results'),
      row('calls', 'calls'),
      row('everything once, task and prompt included', 'once'),
      row('whole turns: each reads prompt, definitions and all that was said again', 'read'),
      row('turns of the model', 'turns')
    ]
  )
}

/** The claim is the first row. Those with a model rest on what `assumed` says, the same for both sides. */
function printTimes({ browser, wrapped }: Sides, { browserStartMs, firstMs }: { browserStartMs: number; firstMs: number }): void {
  const row = (name: string, theirs: number, ours: number) => [name, rounded(theirs, 0), rounded(ours, 0), times(theirs, ours)]
  const models = Object.entries(modelTimes(assumed)).map(([name, ms]) => row(name, browser.ms + ms(browser), wrapped.ms + ms(wrapped)))
  printTable(
    'Time of the same task (milliseconds, medians; target: tools alone 10 x faster)',
    ['', 'browser tools', 'one action', 'faster'],
    [
      row('tools alone, browser running', browser.ms, wrapped.ms),
      row('tools alone, browser started for it', browser.ms + browserStartMs, firstMs),
      ...models
    ]
  )
  const { firstTokenMs, readPerSecond, writtenPerSecond } = assumed
  progress(
    `assumed of a model: ${firstTokenMs} ms to the first token, ${readPerSecond} tokens/s read, ${writtenPerSecond} tokens/s written`
  )
}

interface Called {
  readonly transcript: Transcript
  readonly ms: number
}

const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }

async function toolsOf(url: string): Promise<readonly { readonly function: { readonly name: string } }[]> {
  const answer = await request(`${url}/tools?format=openai&strict=true&bot=teller`, { headers })
  return (await answer.body.json()) as readonly { readonly function: { readonly name: string } }[]
}

/** What a model writes for the strict tool, and the text that it gets back. */
async function callAction(url: string): Promise<Called> {
  const definitions = JSON.stringify((await toolsOf(url)).filter(tool => tool.function.name === action))
  // In strict mode a model writes every argument: null is what it leaves out.
  const args = { account, limit: 10, from: null }
  const begun = performance.now()
  const path = `/v1/actions/${action}?format=openai&strict=true&view=text`
  const { statusCode, body } = await request(url + path, { method: 'POST', headers, body: JSON.stringify(args) })
  const result = await body.text()
  const ms = performance.now() - begun
  if (statusCode !== 200) throw new Error(`${action} answered ${statusCode}: ${result}`)
  const task = `Tell me the last ten transactions of account ${account}.`
  return { transcript: { task, definitions, exchanges: [{ call: JSON.stringify({ name: action, arguments: args }), result }] }, ms }
}

/** Both were shown the same ten entries. */
function checkSame(browser: Transcript, wrapped: Transcript): void {
  const references = ({ exchanges }: Transcript) => [...new Set((exchanges.at(-1)?.result ?? '').match(/TX\d+/g))].join(' ')
  const [theirs, ours] = [references(browser), references(wrapped)]
  if (theirs !== ours || theirs.split(' ').length !== 10) throw new Error(`not the same ten entries:\n${theirs}\n${ours}`)
}
