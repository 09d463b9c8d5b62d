/** `retrofit chat`: people ask, a model calls actions, and nobody is surprised by what was done. */
import type { AgentEvent, Answer, Approval, Decision, Inference, ReadyCall } from '../agent/agent.ts'
import type { Limits } from '../agent/budget.ts'
import type { Conversation } from '../agent/conversation.ts'
import { type Agent, type AgentOptions, createAgent } from '../agent/create-agent.ts'
import { InferenceFailed } from '../agent/endpoint.ts'
import { GatewayRefusal } from '../agent/gateway.ts'
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import { plainJson, plainLine, plainText } from '../core/plain-text.ts'
import type { ActionEffect } from '../core/types.ts'
import { readTyped, type Typed } from './chat-keyboard.ts'
import { approvalText, costLine, createLines, stopNote } from './chat-lines.ts'
import { modelOf } from './chat-model.ts'
import { createScreen, type Screen } from './chat-screen.ts'
import { gatewayOf, notThere } from './client.ts'

type Flags = Readonly<Record<string, unknown>>

/** Stops the answer that is under way. */
interface Stopper {
  stop(): void
}

interface Talk {
  readonly stopper: Stopper
  readonly agent: Agent
  readonly inference: Inference
  readonly screen: Screen
}

export async function chat(flags: Flags): Promise<number> {
  const question = await questionOf(flags)
  const screen = createScreen()
  const inference = await modelOf(readSettings(), flags)
  const stopper: Stopper = { stop: () => {} }
  const approval = approvalOf(flags, { screen, stopper, hasPerson: question === undefined })
  const agent = await openAgent(flags, {
    inference,
    approval,
    onLeftOut: names => screen.note(screen.paint('yellow', `Not there for the model: ${plainLine(names)}; retrofit check says why.`))
  })
  const talk = { agent, inference, screen, stopper }
  if (agent.tools.length === 0) screen.note('There is no action that this key may use: the model can only talk.')
  try {
    return question === undefined ? await talkOn(talk) : await once(talk, question, flags.json === true)
  } finally {
    await agent.close()
  }
}

/** Undefined: there is a person to talk with. A text that is piped in is one question. */
async function questionOf({ once, json }: Flags): Promise<string | undefined> {
  if (typeof once === 'string') return once
  if (process.stdin.isTTY) {
    if (json) throw new UsageError('--json goes with --once, or with a question on standard input')
    return undefined
  }
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
  if (text.trim() === '') throw new UsageError('no question: write it after --once, or on standard input')
  return text.trim()
}

const asked: Readonly<Record<string, readonly ActionEffect[]>> = {
  irreversible: ['irreversible'],
  write: ['irreversible', 'write'],
  nothing: []
}

interface Asker {
  readonly screen: Screen
  readonly stopper: Stopper
  readonly hasPerson: boolean
}

function approvalOf({ askBefore }: Flags, asker: Asker): Approval {
  const effects = asked[String(askBefore)]
  if (effects === undefined) throw new UsageError(`--ask-before: write irreversible, write or nothing, not ${askBefore}`)
  const nobody = 'Nobody is there to say yes to it. Somebody has to ask in an interactive chat (or with --ask-before nothing).'
  const ask = async (call: ReadyCall, signal: AbortSignal): Promise<Decision> =>
    asker.hasPerson ? await askPerson(call, asker, signal) : { approved: false, reason: nobody }
  return { effects: new Set(effects), ask }
}

async function askPerson(call: ReadyCall, { screen, stopper }: Asker, signal: AbortSignal): Promise<Decision> {
  screen.hold()
  process.stderr.write(`${approvalText(call, screen)}\n`)
  try {
    for (;;) {
      const typed = await readTyped({ prompt: screen.paint('yellow', '  Do it? [y]es, [n]o, or say what to change › '), signal })
      if ('end' in typed) {
        stopper.stop()
        return { approved: false, reason: '' }
      }
      if (/^(y|yes)$/i.test(typed.line)) return { approved: true }
      if (/^(n|no)$/i.test(typed.line)) return { approved: false, reason: '' }
      if (typed.line !== '') return { approved: false, reason: `The person declined and says: ${typed.line}` }
    }
  } finally {
    screen.release()
  }
}

async function openAgent(flags: Flags, parts: Pick<AgentOptions, 'inference' | 'approval' | 'onLeftOut'>): Promise<Agent> {
  const { base, key } = gatewayOf(flags)
  const limits: Limits = { turns: limit(flags, 'maxTurns'), tokens: limit(flags, 'maxTokens'), effects: limit(flags, 'maxEffects') }
  const plain = 'Your answers are read on a terminal: write plain text without Markdown.'
  const instructions = typeof flags.instructions === 'string' ? `${plain}\n\n${flags.instructions}` : plain
  const bot = typeof flags.bot === 'string' ? flags.bot : undefined
  const mostTools = flags.maxTools === undefined ? undefined : limit(flags, 'maxTools')
  try {
    return await createAgent({ ...parts, gateway: { url: base, key }, bot, strict: flags.strict === true, mostTools, limits, instructions })
  } catch (error) {
    if (error instanceof GatewayRefusal) throw new UsageError(error.message)
    throw notThere(base, Error.isError((error as Error).cause) ? ((error as Error).cause as Error) : (error as Error))
  }
}

function limit(flags: Flags, name: 'maxTurns' | 'maxTokens' | 'maxEffects' | 'maxTools'): number {
  const number = Number(flags[name])
  const least = name === 'maxEffects' ? 0 : 1
  if (Number.isInteger(number) && number >= least) return number
  throw new UsageError(`--${name.replace('max', 'max-').toLowerCase()}: write a whole number from ${least}`)
}

async function once({ agent, inference, screen, stopper }: Talk, question: string, json: boolean): Promise<number> {
  const lines = json ? () => {} : createLines(screen)
  const answer = await answered(agent.converse(), { question, onEvent: lines, screen, stopper }).catch(error => {
    throw error instanceof InferenceFailed ? new UsageError(error.message) : error
  })
  const about = { answer: answer.text, ...answer, text: undefined, model: inference.model, traceId: agent.traceId }
  if (json) process.stdout.write(`${plainJson(about)}\n`)
  else finish(answer, screen)
  return answer.stop === 'interrupted' ? 130 : answer.stop === 'answered' ? 0 : 1
}

function finish(answer: Answer, screen: Screen): void {
  screen.say('\n')
  const note = stopNote(answer)
  if (note !== undefined) screen.note(screen.paint('yellow', note))
  if (screen.isTerminal) screen.note(screen.paint('dim', costLine(answer)))
}

interface Question {
  readonly question: string
  readonly screen: Screen
  readonly stopper: Stopper
  readonly onEvent: (event: AgentEvent) => void
}

/** Ctrl-C stops the answer; a second one ends the program. */
async function answered(conversation: Conversation, { question, onEvent, screen, stopper }: Question): Promise<Answer> {
  const stop = new AbortController()
  stopper.stop = () => stop.abort()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
    screen.note(screen.paint('dim', 'stopping … (again: leave at once)'))
  }
  process.on('SIGINT', onSignal)
  try {
    return await conversation.ask(question, { signal: stop.signal, onEvent })
  } finally {
    screen.live(() => [])
    process.off('SIGINT', onSignal)
  }
}

const help = `  /tools    what the model can do
  /usage    what this conversation has used up
  /new      begin another conversation
  /exit     leave (also Ctrl-D)
  Ctrl-C stops an answer; several lines that are pasted are one question.`

async function talkOn(talk: Talk): Promise<number> {
  const { agent, inference, screen } = talk
  const bots = new Set(agent.tools.map(({ name }) => name.split('_', 1)[0]))
  const can = `${agent.tools.length} actions of ${[...bots].join(', ') || 'no bot'}`
  screen.note(`${screen.paint('bold', 'Retrofit chat')} · ${plainLine(inference.model)} · ${can}`)
  screen.note(screen.paint('dim', 'Ask in your own words. /help tells the rest.\n'))
  const history: string[] = []
  let conversation = agent.converse()
  let wasInterrupted = false
  for (;;) {
    const typed: Typed = await readTyped({ prompt: screen.paint(['bold', 'cyan'], '› '), history })
    if ('end' in typed) {
      if (typed.end === 'eof' || wasInterrupted) return leave(typed)
      wasInterrupted = true
      screen.note(screen.paint('dim', '(Ctrl-C again, Ctrl-D or /exit leaves)'))
      continue
    }
    wasInterrupted = false
    if (typed.line === '/exit') return 0
    if (typed.line === '/new') conversation = agent.converse()
    if (typed.line.startsWith('/')) screen.note(`${commandText(typed.line, talk, conversation)}\n`)
    else if (typed.line !== '') await answerTo(typed.line, conversation, talk)
  }
}

const leave = (typed: Typed): number => {
  process.stderr.write('\n')
  return 'end' in typed && typed.end === 'interrupt' ? 130 : 0
}

/** A failure ends the answer, not the chat. */
async function answerTo(question: string, conversation: Conversation, { screen, stopper }: Talk): Promise<void> {
  try {
    finish(await answered(conversation, { question, onEvent: createLines(screen), screen, stopper }), screen)
  } catch (error) {
    screen.note(screen.paint('red', plainText((error as Error).message)))
  }
  screen.note('')
}

function commandText(line: string, { agent, screen }: Talk, { budget }: Conversation): string {
  const commands: Readonly<Record<string, () => string>> = {
    '/help': () => help,
    '/new': () => 'A new conversation; the old one is forgotten.',
    '/tools': () => toolsText(agent, screen),
    '/usage': () =>
      `${budget.tokens.toLocaleString('en')} of ${budget.limits.tokens.toLocaleString('en')} tokens, ` +
      `${budget.effects} of ${budget.limits.effects} changes; trace ${agent.traceId}`
  }
  return commands[line]?.() ?? `There is no ${line}.\n${help}`
}

const marks: Readonly<Record<ActionEffect, string>> = { read: 'reads', write: 'changes', irreversible: 'for good' }

function toolsText({ tools }: Agent, { paint }: Screen): string {
  const width = Math.max(0, ...tools.map(({ name }) => name.length))
  return tools
    .map(({ name, title, effect }) => `  ${name.padEnd(width)}  ${paint('dim', marks[effect].padEnd(8))}  ${plainLine(title)}`)
    .join('\n')
}
