/** The response check that is used when no other is given. Inputs are checked against their schema by the gateway. */
import { canonicalJson } from '../core/canonical-json.ts'
import { InexactNumber, parseExactJson } from '../core/exact-json.ts'
import type { Json, JsonObject } from '../core/types.ts'
import type { AgentTool, ReadyCall, RefusedCall, Reply, ResponseCheck, ToolCall } from './agent.ts'

/** More calls than this in one reply are a model that has lost its way. */
const mostCalls = 32

export const replyCheck: ResponseCheck = { check }

function check(reply: Reply, tools: readonly AgentTool[]): readonly (ReadyCall | RefusedCall)[] {
  const byName = new Map(tools.map(tool => [tool.name, tool]))
  const seen = new Set<string>()
  return reply.calls.map((call, index) => {
    if (reply.finish !== 'stop')
      return refuse(call, 'cut_off', 'Your reply was cut off, so this call was not made. Make fewer calls in one turn.')
    if (index >= mostCalls) return refuse(call, 'too_many_calls', `Not made: ${mostCalls} calls in one turn are the most.`)
    const tool = byName.get(call.name)
    if (tool === undefined)
      return refuse(call, 'no_such_tool', `There is no tool ${call.name}. The tools: ${tools.map(({ name }) => name).join(', ')}.`)
    const { input, lost } = readArguments(call.arguments)
    if (lost !== undefined) return refuse(call, 'inexact_number', `Not made: ${lost}.`)
    if (input === undefined) return refuse(call, 'malformed_arguments', 'Not made: the arguments must be one JSON object.')
    return twice({ call, tool, input }, seen) ?? { call, tool, input }
  })
}

const refuse = (call: ToolCall, code: string, complaint: string): RefusedCall => ({ call, code, complaint })

/** A model that stutters must not book twice: two calls have two keys. */
function twice({ call, tool, input }: ReadyCall, seen: Set<string>): RefusedCall | undefined {
  if (tool.effect === 'read') return undefined
  const same = `${tool.name} ${canonicalJson(input)}`
  if (seen.has(same)) return refuse(call, 'same_call', 'Not made: your reply held the very same call before this one. It is done once.')
  seen.add(same)
  return undefined
}

interface Arguments {
  /** Undefined: no JSON object. */
  readonly input?: JsonObject | undefined
  /** Which numbers can not be passed on as they are. */
  readonly lost?: string
}

function readArguments(text: string): Arguments {
  try {
    return { input: inputOf(text) }
  } catch (error) {
    if (error instanceof InexactNumber) return { lost: error.message }
    throw error
  }
}

/** Some models write nothing for an empty object, or write the object into a string. */
function inputOf(text: string): JsonObject | undefined {
  if (text.trim() === '') return {}
  const value = parse(text)
  const inside = typeof value === 'string' ? parse(value) : value
  return typeof inside === 'object' && inside !== null && !Array.isArray(inside) ? (inside as JsonObject) : undefined
}

function parse(text: string): Json | undefined {
  try {
    return parseExactJson(text)
  } catch (error) {
    if (error instanceof InexactNumber) throw error
    return undefined
  }
}
