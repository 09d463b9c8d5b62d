/** An action → a tool of one provider, and the way back from what its model sends to the action's own input. */
import type { Action, Json, JsonObject } from '../core/types.ts'
import { anthropic, strictBudget } from './anthropic.ts'
import { compileInput, type Note, TooLarge } from './compile-schema.ts'
import type { Dialect, Profile, Provider } from './dialect.ts'
import { exampleLine } from './example-line.ts'
import { Dangling } from './flatten.ts'
import { gemini } from './gemini.ts'
import { beyond } from './limits.ts'
import { mcp } from './mcp.ts'
import { openai, openaiResponses } from './openai.ts'
import { askedInput, type CompiledCall, type SessionForm, withSession } from './session-input.ts'

export const providers: Readonly<Record<Dialect, Provider>> = {
  openai,
  'openai-responses': openaiResponses,
  anthropic,
  gemini,
  mcp
}

export interface ToolOptions {
  /** Asks for strict mode; an action that does not fit it is compiled without. */
  readonly strict?: boolean | undefined
  /** `none` without it. */
  readonly session?: SessionForm | undefined
}

export interface Tool {
  readonly name: string
  readonly strict: boolean
  /** Ready to paste; undefined when the action can not be a tool at all: the notes say why. */
  readonly definition: JsonObject | undefined
  readonly notes: readonly Note[]
  /** What the model sent, as the action's own input. It is not checked here. */
  toInput(args: JsonObject): JsonObject
  /** The session that the model named. */
  sessionOf(args: JsonObject): string | undefined
}

export function compileTool(action: Action, dialect: Dialect, { strict = false, session = 'none' }: ToolOptions = {}): Tool {
  const provider = providers[dialect]
  try {
    const wanted = strict && provider.hasStrict
    const first = compileCall(action, provider.profile(wanted), session)
    const refusals = wanted ? refusalsOf(first, provider) : []
    if (refusals.length === 0) return toolOf(action, provider, { ...first, strict: wanted })
    const loose = compileCall(action, provider.profile(false), session)
    return toolOf(action, provider, { ...loose, notes: [...refusals, ...loose.notes], strict: false })
  } catch (error) {
    return leftOut(action, error as Error)
  }
}

const compileCall = (action: Action, profile: Profile, form: SessionForm): CompiledCall =>
  withSession(compileInput(form === 'none' ? action.input : askedInput(action), profile), { action, profile, form })

function refusalsOf({ parameters, notes }: CompiledCall, provider: Provider): readonly Note[] {
  const { limits } = provider.profile(true)
  const passed = limits === undefined ? [] : beyond(parameters, limits)
  return [
    ...notes.filter(({ kind }) => kind === 'not_strict'),
    ...passed.map((said): Note => ({ pointer: '', keyword: 'properties', kind: 'not_strict', did: `too large for strict mode: ${said}` }))
  ]
}

interface Compiled extends CompiledCall {
  readonly strict: boolean
}

function toolOf(action: Action, provider: Provider, { parameters, decode, notes, strict, sessionOf }: Compiled): Tool {
  const said = toolDescription(action)
  const full = `${said}${exampleLine(action, text => provider.define({ action, description: said + text, parameters, strict }))}`
  const limit = provider.descriptionLimit ?? Number.POSITIVE_INFINITY
  const description = full.length > limit ? `${full.slice(0, limit - 1).trimEnd()}…` : full
  const cut: Note = { pointer: '', keyword: 'description', kind: 'worded', did: `cut to ${limit} characters` }
  return {
    name: action.name,
    strict,
    definition: provider.define({ action, description, parameters, strict }),
    notes: [...(description === full ? [] : [cut]), ...distinct(notes)],
    toInput: args => asInput(decode(args), args),
    sessionOf
  }
}

const asInput = (decoded: Json, args: JsonObject): JsonObject =>
  typeof decoded === 'object' && decoded !== null && !Array.isArray(decoded) ? (decoded as JsonObject) : args

/** Whatever it is that breaks: the other tools of the list stay as they are. */
const leftOut = ({ name }: Action, error: Error): Tool => ({
  name,
  strict: false,
  definition: undefined,
  notes: [{ pointer: '', keyword: keywordOf(error), kind: 'left_out', did: `left out: ${error.message}` }],
  toInput: args => args,
  sessionOf: () => undefined
})

const keywordOf = (error: Error): string => (error instanceof Dangling ? '$ref' : error instanceof TooLarge ? 'properties' : '')

const distinct = (notes: readonly Note[]): readonly Note[] => [
  ...new Map(notes.map(note => [`${note.pointer} ${note.kind} ${note.did}`, note])).values()
]

const effects: Readonly<Record<Action['effect'], string>> = { read: '', write: ' Changes data.', irreversible: ' Can not be undone.' }

/** The author's words, and what a model must know before it calls. */
const toolDescription = ({ description, title, effect }: Action): string =>
  `${description.trim() || title}${effect === 'read' || /undone/i.test(description) ? '' : effects[effect]}`

export interface ToolList {
  /** The value of `tools` in a request. */
  readonly tools: readonly JsonObject[]
  /** In the order of the actions. */
  readonly compiled: readonly Tool[]
}

export interface ToolListOptions extends ToolOptions {
  /** The best come first, and stay there. */
  readonly ranked?: boolean | undefined
  /** Of one action; absent: `compileTool`. */
  readonly compile?: ((action: Action) => Tool) | undefined
}

/** Sorted by name where they are not ranked; an action that can not be a tool spoils nothing. */
export function compileTools(actions: readonly Action[], dialect: Dialect, options: ToolListOptions = {}): ToolList {
  const sorted = options.ranked === true ? actions : [...actions].sort((a, b) => (a.name < b.name ? -1 : 1))
  const tools = sorted.map(options.compile ?? (action => compileTool(action, dialect, options)))
  const compiled = dialect === 'anthropic' ? withinBudget(sorted, tools, options) : tools
  const definitions = compiled.map(({ definition }) => definition).filter(definition => definition !== undefined)
  return { tools: providers[dialect].list(definitions), compiled }
}

/** Strict mode goes to what can do most harm first; what is over the budget of a request is sent without. */
function withinBudget(actions: readonly Action[], tools: readonly Tool[], options: ToolOptions): readonly Tool[] {
  const weight = { irreversible: 0, write: 1, read: 2 }
  const order = actions.map((action, i) => ({ action, i })).sort((a, b) => weight[a.action.effect] - weight[b.action.effect])
  const left = { ...strictBudget }
  const result = [...tools]
  for (const { action, i } of order) {
    const tool = tools[i] as Tool
    if (!tool.strict) continue
    const cost = costOf(tool.definition?.input_schema as JsonObject)
    const fits = left.tools >= 1 && left.optional >= cost.optional && left.unions >= cost.unions
    if (fits) Object.assign(left, { tools: left.tools - 1, optional: left.optional - cost.optional, unions: left.unions - cost.unions })
    else result[i] = overBudget(action, options)
  }
  return result
}

function overBudget(action: Action, { session }: ToolOptions): Tool {
  const tool = compileTool(action, 'anthropic', { session })
  const { tools, optional, unions } = strictBudget
  const did = `a request takes ${tools} strict tools, ${optional} optional properties and ${unions} unions; this tool is over that`
  return { ...tool, notes: [{ pointer: '', keyword: 'strict', kind: 'not_strict', did }, ...tool.notes] }
}

function costOf(schema: Json): { readonly optional: number; readonly unions: number } {
  if (typeof schema !== 'object' || schema === null) return { optional: 0, unions: 0 }
  const { properties, required, anyOf, type } = schema as JsonObject
  const names = isSchema(properties) ? Object.keys(properties) : []
  const optional = type === 'object' ? names.length - ((required ?? []) as readonly string[]).length : 0
  const inside = Object.values(schema as JsonObject).map(costOf)
  return {
    optional: inside.reduce((sum, cost) => sum + cost.optional, optional),
    unions: inside.reduce((sum, cost) => sum + cost.unions, Array.isArray(anyOf) || Array.isArray(type) ? 1 : 0)
  }
}

const isSchema = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
