/** How well models can call the actions: for each action and provider what was done to its schema, what it costs, what to do. */
import type { Action, Json, JsonObject } from '../core/types.ts'
import type { Note } from './compile-schema.ts'
import { compileTool, providers, type Tool } from './compile-tool.ts'
import type { CountTokens } from './count-tokens.ts'
import { isObject } from './flatten.ts'
import { nameRemarks } from './name-remarks.ts'
import { unmarkedText } from './unmarked-text.ts'
import { adviceFor } from './words.ts'

/** Chat completions and responses take the same schemas. */
export const linted = ['openai', 'anthropic', 'gemini', 'mcp'] as const

export interface ProviderReport {
  readonly provider: (typeof linted)[number]
  /** `none`: the provider has no strict mode. */
  readonly strict: 'yes' | 'no' | 'none'
  /** Of the definition; 0 when there is none. */
  readonly tokens: number
  readonly notes: readonly (Note & { readonly advice?: string })[]
}

export interface Remark {
  /** JSON Pointer into the action. */
  readonly pointer: string
  readonly message: string
}

export interface ActionReport {
  readonly action: string
  readonly providers: readonly ProviderReport[]
  readonly remarks: readonly Remark[]
}

export interface AgentReport {
  readonly actions: readonly ActionReport[]
  readonly catalogue: {
    readonly tools: number
    readonly tokens: Readonly<Record<string, number>>
    readonly remarks: readonly string[]
  }
}

/** What a list of tools may cost before a model chooses worse. */
export const catalogueBudget = { tools: 60, tokens: 10_000 }
const definitionTokens = 1_000
/** Of GPT Actions. */
export const descriptionLimit = 300
export const parameterLimit = 700

export function lintForAgents(actions: readonly Action[], countTokens: CountTokens): AgentReport {
  const reports = [...actions]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(action => ({ action: action.name, ...lookedAt(action, countTokens) }))
  const tokens = Object.fromEntries(linted.map(dialect => [dialect, reports.reduce((sum, report) => sum + tokensFor(report, dialect), 0)]))
  return { actions: reports, catalogue: { tools: reports.length, tokens, remarks: budgetRemarks(reports.length, tokens) } }
}

const tokensFor = ({ providers: all }: Pick<ActionReport, 'providers'>, dialect: string): number =>
  all.find(({ provider }) => provider === dialect)?.tokens ?? 0

function budgetRemarks(tools: number, tokens: Readonly<Record<string, number>>): readonly string[] {
  const most = Math.max(...Object.values(tokens))
  return [
    ...(tools > catalogueBudget.tools
      ? [`${tools} tools, over ${catalogueBudget.tools}: give each agent the bots that it needs (?bot=, scopes)`]
      : []),
    ...(most > catalogueBudget.tokens
      ? [`${most} tokens, over ${catalogueBudget.tokens}: shorten descriptions, or give each agent fewer bots`]
      : [])
  ]
}

/** An action that can not be looked at hides no other. */
function lookedAt(action: Action, countTokens: CountTokens): Omit<ActionReport, 'action'> {
  try {
    return lintAction(action, countTokens)
  } catch (error) {
    return { providers: [], remarks: [{ pointer: '', message: `can not be looked at: ${(error as Error).message}` }] }
  }
}

function lintAction(action: Action, countTokens: CountTokens): Omit<ActionReport, 'action'> {
  const reports = linted.map(provider => {
    const tool = compileTool(action, provider, { strict: true })
    const tokens = tool.definition === undefined ? 0 : countTokens(JSON.stringify(tool.definition))
    return { provider, strict: strictOf(tool, provider), tokens, notes: tool.notes.map(withAdvice) }
  })
  const most = Math.max(...reports.map(({ tokens }) => tokens))
  const size =
    most > definitionTokens ? [{ pointer: '', message: `the definition costs ${most} tokens: shorten the descriptions, or split it` }] : []
  return {
    providers: reports,
    remarks: [
      ...nameRemarks(action.name).map(message => ({ pointer: '', message })),
      ...descriptionRemarks(action),
      ...size,
      ...propertyRemarks(action.input, '/input'),
      ...outputRemarks(action),
      ...hintRemarks(action)
    ]
  }
}

const strictOf = (tool: Tool, provider: (typeof linted)[number]): ProviderReport['strict'] =>
  !providers[provider].hasStrict ? 'none' : tool.strict ? 'yes' : 'no'

/** What is turned back on the way in needs nobody's attention. */
function withAdvice(note: Note): Note & { readonly advice?: string } {
  const advice = note.kind === 'mapped' ? undefined : adviceFor(note.keyword)
  return { ...note, pointer: `/input${note.pointer}`, ...(advice === undefined ? {} : { advice }) }
}

/** Words by which a description tells an agent when it is the turn of this action. */
const sayingWhen = /\b(use|used|call|when|whenever|before|after|instead|unless|if|first)\b/i

function descriptionRemarks({ description }: Action): readonly Remark[] {
  const text = description.trim()
  const say = (message: string): Remark => ({ pointer: '/description', message })
  if (text === '') return [say('is missing: say what the action does and when to use it')]
  return [
    ...(text.length > descriptionLimit
      ? [say(`has ${text.length} characters; GPT Actions take ${descriptionLimit}: say the most important first`)]
      : []),
    ...(text.split(/\s+/).length < 4 ? [say('is too short to choose by: say what the action does and when to use it')] : []),
    ...(sayingWhen.test(text) ? [] : [say('does not say when to use the action: add a sentence, as "Use it before any transfer."')])
  ]
}

function outputRemarks({ output }: Action): readonly Remark[] {
  const names = unmarkedText(output)
  if (names.length === 0) return []
  const some = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  const message = `free text of the target (${some}): mark what other people can write with x-untrusted: true, so that a model gets it as data; x-untrusted: false on one of them says that it is none`
  return [{ pointer: '/output', message }]
}

/** A refusal of the target is kept with its key: the same call gets the same answer. */
function hintRemarks({ errors }: Action): readonly Remark[] {
  const found = Object.entries(errors).filter(
    ([, { hint = '' }]) => /\b(?:try|call|send it) again\b|\bretry\b/i.test(hint) && !/\bnot\b/i.test(hint)
  )
  const message = 'says to try again, and the same call only answers this again: say what to change in it, or whom to ask'
  return found.map(([code]) => ({ pointer: `/errors/${code}/hint`, message }))
}

function propertyRemarks(schema: Json | undefined, pointer: string): readonly Remark[] {
  if (!isObject(schema)) return []
  const properties = Object.entries((schema.properties ?? {}) as JsonObject).flatMap(([name, property]) => {
    const at = `${pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    return [...textRemarks(property, at), ...propertyRemarks(property, at)]
  })
  const definitions = Object.entries((schema.$defs ?? {}) as JsonObject)
  return [
    ...properties,
    ...propertyRemarks(schema.items, `${pointer}/items`),
    ...definitions.flatMap(([name, definition]) => propertyRemarks(definition, `${pointer}/$defs/${name}`))
  ]
}

function textRemarks(property: Json, pointer: string): readonly Remark[] {
  if (!isObject(property) || property.const !== undefined) return []
  const text = String(property.description ?? '')
  if (text === '' && property.$ref === undefined) return [{ pointer, message: 'has no description: say what it is and how it is written' }]
  return text.length > parameterLimit
    ? [{ pointer: `${pointer}/description`, message: `has ${text.length} characters; GPT Actions take ${parameterLimit}` }]
    : []
}
