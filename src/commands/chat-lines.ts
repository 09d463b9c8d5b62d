/** How the chat tells what the loop does: one line for each call, with what it was given and how long it takes. */
import type { AgentEvent, AgentTool, Answer, Outcome, Progress, ReadyCall, Stop, ToolCall } from '../agent/agent.ts'
import { asWritten } from '../core/as-written.ts'
import { plainText } from '../core/plain-text.ts'
import type { JsonObject } from '../core/types.ts'
import type { Screen } from './chat-screen.ts'

interface Line {
  readonly call: ToolCall
  readonly tool: AgentTool | undefined
  readonly input: JsonObject | undefined
  startedAt?: number
  progress?: Progress
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frame = (): string => frames[Math.floor(performance.now() / 100) % frames.length] ?? ''

export const seconds = (ms: number): string => (ms < 9_950 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`)

/** Takes the events of one answer. */
export function createLines(screen: Screen): (event: AgentEvent) => void {
  const { paint } = screen
  const open = new Map<string, Line>()
  let thinkingSince = 0
  let afterCalls = false
  const running = ({ call, input, startedAt, progress }: Line): string => {
    if (startedAt === undefined) return paint('dim', `  · ${plainText(call.name)}  ${argumentsOf(input, call)}`)
    const step = progress?.step ?? progress?.status
    const more = `${step === undefined ? '' : `${plainText(step)} · `}${seconds(performance.now() - startedAt)}`
    return `  ${paint('cyan', frame())} ${paint('bold', plainText(call.name))}  ${argumentsOf(input, call)}  ${paint('dim', more)}`
  }
  const thinking = (): readonly string[] => [paint('dim', `${frame()} thinking · ${seconds(performance.now() - thinkingSince)}`)]
  const handle: { readonly [Type in AgentEvent['type']]?: (event: Extract<AgentEvent, { type: Type }>) => void } = {
    turn: () => {
      thinkingSince = performance.now()
      screen.live(thinking)
    },
    text: ({ text }) => {
      screen.live(() => [])
      if (afterCalls && screen.isTerminal) screen.note('')
      afterCalls = false
      screen.say(text)
    },
    call: ({ call, tool, input }) => {
      open.set(call.id, { call, tool, input })
      screen.live(() => [...open.values()].map(running))
    },
    started: ({ callId }) => {
      const line = open.get(callId)
      if (line !== undefined) line.startedAt = performance.now()
    },
    progress: ({ callId, progress }) => {
      const line = open.get(callId)
      if (line !== undefined) line.progress = progress
    },
    result: ({ callId, outcome, ms }) => {
      const line = open.get(callId)
      open.delete(callId)
      if (line !== undefined) screen.note(ended(line, { outcome, ms, screen }))
      if (open.size === 0) screen.live(() => [])
      afterCalls = true
    }
  }
  return event => (handle[event.type] as ((event: AgentEvent) => void) | undefined)?.(event)
}

function ended({ call, input, startedAt }: Line, { outcome, ms, screen }: { outcome: Outcome; ms: number; screen: Screen }): string {
  const { paint } = screen
  const mark = outcome.ok ? paint('green', '✓') : paint('red', '✗')
  const code = outcome.code === undefined ? '' : `  ${paint('red', plainText(outcome.code))}`
  const time = startedAt === undefined ? '' : `  ${paint('dim', seconds(ms))}`
  const replayed = outcome.replayed ? paint('dim', '  replayed') : ''
  return `  ${mark} ${paint('bold', plainText(call.name))}  ${argumentsOf(input, call)}${code}${time}${replayed}`
}

/** `account: 40012345, limit: 3`, not longer than a line. */
function argumentsOf(input: JsonObject | undefined, { arguments: written }: ToolCall): string {
  const text =
    input === undefined
      ? written
      : Object.entries(asWritten(written) ?? input)
          .map(([name, value]) => `${name}: ${shown(value)}`)
          .join(', ')
  const plain = plainText(text).replaceAll(/\s+/g, ' ')
  return plain.length > 100 ? `${plain.slice(0, 99)}…` : plain
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Everything that would be sent, whole: who says yes must see it. */
export function approvalText({ call, tool, input }: ReadyCall, { paint }: Screen): string {
  const entries = Object.entries(asWritten(call.arguments) ?? input)
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  const rows = entries.map(([name, value]) => `      ${paint('dim', plainText(name).padEnd(width))}  ${plainText(plainOrJson(value))}`)
  const warning = tool.effect === 'irreversible' ? paint('yellow', 'can not be undone') : 'changes data'
  return [`  ${paint('bold', plainText(tool.title))} (${plainText(tool.name)}), ${warning}:`, ...rows].join('\n')
}

/** A value that would not stand in one line, or looks like another type, is written as JSON. */
const plainOrJson = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"]([^\n]*[^\s"])?$/.test(value) && plainText(value) === value ? value : JSON.stringify(value)

const stopped: Readonly<Record<Exclude<Stop, 'answered'>, string>> = {
  refused: 'The model refused to answer.',
  cut_off: 'The answer was cut off: it is as long as the model may write.',
  turn_limit: 'Stopped: no answer within the turns of one question (--max-turns).',
  token_limit: 'Stopped: the tokens of this conversation are used up (--max-tokens; /new begins another).',
  interrupted: 'Stopped.'
}

export const stopNote = ({ stop, text }: Pick<Answer, 'stop' | 'text'>): string | undefined =>
  stop === 'answered' ? (text.trim() === '' ? 'The model said nothing.' : undefined) : stopped[stop]

const count = (n: number): string => n.toLocaleString('en')

export function costLine({ turns, tokens, ms, effects }: Answer): string {
  const changes = effects === 0 ? [] : [`${effects} ${effects === 1 ? 'change' : 'changes'}`]
  const about = tokens.estimated ? 'about ' : ''
  const cached = tokens.cached === 0 ? '' : ` (${count(tokens.cached)} cached)`
  return [
    `${turns} ${turns === 1 ? 'turn' : 'turns'}`,
    `${about}${count(tokens.input)}${cached} tokens read, ${count(tokens.output)} written`,
    ...changes,
    seconds(ms)
  ].join(' · ')
}
