/** The loop: a question → the model → its calls → the model … → an answer. */
import { createHash } from 'node:crypto'
import type {
  AgentEvent,
  AgentTool,
  Answer,
  Hop,
  Item,
  Outcome,
  Parts,
  ReadyCall,
  RefusedCall,
  Reply,
  Stop,
  Tokens,
  ToolCall
} from './agent.ts'
import { type Budget, createBudget, type Limits } from './budget.ts'
import { DialogueTooLong } from './endpoint.ts'
import { lengthOf } from './old-results.ts'
import { createRepeats, type Repeats } from './repeats.ts'

export interface ConversationOptions {
  readonly parts: Parts
  readonly tools: readonly AgentTool[]
  readonly limits?: Partial<Limits>
  /** Begins every idempotency key. The ids of tool calls are unique in their reply, and with some endpoints nowhere else. */
  readonly id: string
}

export interface Conversation {
  readonly items: readonly Item[]
  readonly budget: Budget
  /** Throws what the inference throws; what was done until then stays in the dialogue. */
  ask(question: string, options?: AskOptions): Promise<Answer>
}

export interface AskOptions {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: AgentEvent) => void
}

interface Asking {
  readonly options: ConversationOptions
  readonly budget: Budget
  readonly items: Item[]
  readonly hops: Hop[]
  readonly signal: AbortSignal
  readonly tell: (event: AgentEvent) => void
  /** Of the whole conversation. */
  turn(): number
  /** Decisions come one after the other. */
  queue: Promise<unknown>
  readonly repeats: Repeats
  readonly room: Room
}

/** What is known of how much the model can read; of the whole conversation. */
interface Room {
  characters: number | undefined
}

export function createConversation(options: ConversationOptions): Conversation {
  const items: Item[] = []
  const budget = createBudget(options.limits)
  const room: Room = { characters: undefined }
  let turns = 0
  return {
    items,
    budget,
    async ask(question, { signal = new AbortController().signal, onEvent = () => {} } = {}) {
      const hops: Hop[] = []
      const tell = (event: AgentEvent): void => {
        if (event.type === 'hop') hops.push(event.hop)
        onEvent(event)
      }
      items.push({ kind: 'question', text: question })
      try {
        const asking = {
          options,
          budget,
          items,
          hops,
          signal,
          tell,
          turn: () => ++turns,
          queue: Promise.resolve(),
          repeats: createRepeats(),
          room
        }
        return await answer(asking)
      } finally {
        // A question that got no reply is as if it had not been asked.
        if (items.at(-1)?.kind === 'question') items.pop()
      }
    }
  }
}

async function answer(asking: Asking): Promise<Answer> {
  const { budget, signal, hops } = asking
  const startedAt = performance.now()
  const effectsBefore = budget.effects
  const end = (stop: Stop, text = ''): Answer => {
    const models = hops.filter(hop => hop.hop === 'model')
    const ms = Math.round(performance.now() - startedAt)
    return {
      text,
      stop,
      turns: models.length,
      tokens: sum(models.map(({ tokens }) => tokens)),
      effects: budget.effects - effectsBefore,
      ms,
      hops
    }
  }
  for (let left = budget.limits.turns; left > 0; left--) {
    if (budget.tokens >= budget.limits.tokens) return end('token_limit')
    const turn = asking.turn()
    const mustAnswer = left === 1
    const reply = await infer(asking, { turn, mustAnswer }).catch(error => {
      if (!signal.aborted) throw error
    })
    if (reply === undefined) return end('interrupted')
    if (reply.calls.length === 0) return end(stops[reply.finish], reply.text)
    await callAll(asking, reply, { turn, mayCall: !mustAnswer })
    if (signal.aborted) return end('interrupted', reply.text)
  }
  return end('turn_limit')
}

const stops: Readonly<Record<Reply['finish'], Stop>> = { stop: 'answered', length: 'cut_off', refused: 'refused' }

const sum = (all: readonly Tokens[]): Tokens => ({
  input: all.reduce((total, { input }) => total + input, 0),
  cached: all.reduce((total, { cached }) => total + cached, 0),
  output: all.reduce((total, { output }) => total + output, 0),
  estimated: all.some(({ estimated }) => estimated)
})

async function infer(asking: Asking, { turn, mustAnswer }: { turn: number; mustAnswer: boolean }): Promise<Reply> {
  const { items, tell, budget } = asking
  const startedAt = performance.now()
  let firstTextMs: number | undefined
  tell({ type: 'turn', turn })
  const onText = (text: string): void => {
    firstTextMs ??= Math.round(performance.now() - startedAt)
    tell({ type: 'text', text })
  }
  const reply = await inferWithin(asking, { mustAnswer, onText })
  budget.spend(reply.tokens)
  items.push({ kind: 'reply', text: reply.text, calls: reply.calls, native: reply.native })
  const ms = Math.round(performance.now() - startedAt)
  const first = firstTextMs === undefined ? {} : { firstTextMs }
  tell({ type: 'hop', hop: { hop: 'model', turn, ms, ...first, tokens: reply.tokens, calls: reply.calls.length } })
  return reply
}

/** How much of what was too long is sent the next time. */
const smaller = 0.6

/** What the model says to be too long is sent again with fewer results, until none can give way any more. */
async function inferWithin(
  asking: Asking,
  { mustAnswer, onText }: { mustAnswer: boolean; onText: (text: string) => void }
): Promise<Reply> {
  const { items, options, room, signal } = asking
  const { prompt, inference } = options.parts
  const built = prompt.build({ items, tools: options.tools, mustAnswer, characters: room.characters })
  try {
    return await inference.infer(built, { signal, onText })
  } catch (error) {
    if (!(error instanceof DialogueTooLong)) throw error
    const before = lengthOf(built.items)
    room.characters = Math.floor(Math.min(before, room.characters ?? before) * smaller)
    const next = prompt.build({ items, tools: options.tools, mustAnswer, characters: room.characters })
    if (lengthOf(next.items) >= before) throw error
    return await inferWithin(asking, { mustAnswer, onText })
  }
}

/** All at the same time; the results stand in the order of the calls. Each call gets one, whatever happens: an endpoint refuses a dialogue without. */
async function callAll(asking: Asking, reply: Reply, { turn, mayCall }: { turn: number; mayCall: boolean }): Promise<void> {
  const { options, items, tell } = asking
  const checked = mayCall ? options.parts.check.check(reply, options.tools) : reply.calls.map(tooLate)
  for (const one of checked) tell({ type: 'call', call: one.call, ...('tool' in one ? { tool: one.tool, input: one.input } : {}) })
  const texts = await Promise.all(checked.map(one => callOne(asking, one, turn).catch(broken)))
  for (const [i, call] of reply.calls.entries()) items.push({ kind: 'result', call, text: texts[i] ?? '{"error":"not_made"}' })
}

const tooLate = (call: ToolCall): RefusedCall => ({
  call,
  code: 'turn_limit',
  complaint: 'Not made: there was no turn left to tell what came of it.'
})

/** A part that was put in and throws although it must not. */
const broken = (error: Error): string =>
  refused('internal_error', `It broke: ${error.message}`, 'Do NOT repeat it: it may have happened.').text

async function callOne(asking: Asking, checked: ReadyCall | RefusedCall, turn: number): Promise<string> {
  const { tell } = asking
  const { call } = checked
  const askedAt = performance.now()
  const refusal = 'complaint' in checked ? refused(checked.code, checked.complaint) : await permission(asking, checked)
  const startedAt = performance.now()
  const outcome = refusal ?? (await executeNoting(asking, checked as ReadyCall, turn))
  const ms = Math.round(performance.now() - startedAt)
  tell({ type: 'result', callId: call.id, outcome, ms })
  const { ok, code, runId, text } = outcome
  const about = { ok, ...(code === undefined ? {} : { code }), ...(runId === undefined ? {} : { runId }) }
  const wasAsked = 'tool' in checked && asking.options.parts.approval.effects.has(checked.tool.effect)
  const decision = wasAsked ? { decisionMs: Math.round(startedAt - askedAt) } : {}
  tell({
    type: 'hop',
    hop: { hop: 'action', turn, action: call.name, callId: call.id, ...about, ms, ...decision, resultCharacters: text.length }
  })
  return text
}

const refused = (code: string, detail: string, hint?: string): Outcome => ({
  ok: false,
  code,
  effect: 'none',
  text: JSON.stringify({ error: code, detail, ...(hint === undefined ? {} : { hint }) })
})

/** Undefined: the call may be made. An effect is taken from the budget then. */
async function permission(asking: Asking, ready: ReadyCall): Promise<Outcome | undefined> {
  const { signal, budget, options } = asking
  const { approval } = options.parts
  const interrupted = refused('interrupted', 'The person stopped it before it was made.')
  if (signal.aborted) return interrupted
  if (ready.tool.effect !== 'read' && !budget.takeEffect())
    return refused('effect_limit', `Not made: ${budget.limits.effects} calls that change something are the most of one conversation.`)
  if (!approval.effects.has(ready.tool.effect)) return undefined
  const decided = asking.queue.then(() => (signal.aborted ? ({ approved: false, reason: '' } as const) : approval.ask(ready, signal)))
  asking.queue = decided.catch(() => undefined)
  const decision = await decided
  if (decision.approved && !signal.aborted) return undefined
  if (ready.tool.effect !== 'read') budget.giveEffectBack()
  if (signal.aborted) return interrupted
  const reason = decision.approved ? '' : decision.reason
  return refused('declined', reason || 'The person declined.', 'Do not make this call again unless the person asks for it.')
}

/** With a word to a model that reads the same again and again. */
async function executeNoting(asking: Asking, ready: ReadyCall, turn: number): Promise<Outcome> {
  const note = asking.repeats.note(ready)
  const outcome = await execute(asking, ready, turn)
  return note === undefined ? outcome : { ...outcome, text: `${outcome.text}\n${note}` }
}

async function execute(asking: Asking, ready: ReadyCall, turn: number): Promise<Outcome> {
  const { options, signal, tell, budget } = asking
  const { call, tool } = ready
  tell({ type: 'started', callId: call.id })
  const outcome = await options.parts.execution.execute(ready, {
    idempotencyKey: keyOf(options.id, turn, call.id),
    signal,
    onProgress: progress => tell({ type: 'progress', callId: call.id, progress })
  })
  if (tool.effect !== 'read' && outcome.effect === 'none') budget.giveEffectBack()
  return outcome
}

/** The id of the tool call, made unique; what a header can not carry is hashed. */
export function keyOf(conversation: string, turn: number, callId: string): string {
  const key = `${conversation}.${turn}.${callId}`
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(key) ? key : createHash('sha256').update(key).digest('hex')
}
