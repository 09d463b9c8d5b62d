/** The document within the limits of GPT Actions: few operations, short texts, no headers, an answer within 45 seconds. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { asObject, isObject } from './flatten.ts'
import { descriptionLimit, parameterLimit } from './lint.ts'
import { pruneComponents } from './prune-components.ts'

export const mostOperations = 30
/** Of the 45 seconds of a round trip; the rest is for the way. */
export const mostWaitSeconds = 35

const lookUp = '/v1/runs/{runId}'
const newSession = '/v1/sessions'

export interface GptDocument {
  readonly document: JsonObject
  /** Operations that found no room. */
  readonly leftOut: readonly string[]
}

/** What a model reads about a parameter: it can send no header, and never sees one. */
const words: Readonly<Record<string, string>> = {
  idempotencyKey: 'A text that names this call, as order-42. Send the same one when you try again: then it is not done a second time.',
  wait: 'Seconds to wait for the end. After it the answer is 202, with the runId for getRun.',
  session: 'The sessionId of createSession, if there is one.',
  runId: 'The runId that an action answered.'
}
const pendingWords = 'It takes longer: call getRun with this runId and wait=20 until its status is no longer queued or working.'

/** From the published 3.1 document. */
export function gptDocument(published: JsonObject): GptDocument {
  const paths = asObject(published.paths)
  const actions = Object.entries(paths)
    .filter(([path]) => /^\/v1\/actions\/[^{/]+$/.test(path))
    .map(([path, item]) => ({ path, operation: asObject(asObject(item).post) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const usesSession = actions.some(({ operation }) => JSON.stringify(operation.parameters).includes('/SessionQuery'))
  const room = mostOperations - (usesSession ? 2 : 1)
  const kept = actions.slice(0, room)
  const document = pruneComponents({
    ...published,
    info: { ...asObject(published.info), description: 'Actions on systems that have no API.' },
    tags: [],
    paths: {
      ...Object.fromEntries(kept.map(({ path, operation }) => [path, { post: shortened(published, operation) }])),
      ...(usesSession ? { [newSession]: { post: shortened(published, asObject(asObject(paths[newSession]).post)) } } : {}),
      [lookUp]: lookUpOf(published, asObject(paths[lookUp]))
    },
    components: shortTexts(asObject(published.components)) as JsonObject
  })
  return { document, leftOut: actions.slice(room).map(({ operation }) => String(operation.operationId)) }
}

const cut = (text: Json | undefined, limit: number): string => {
  const whole = String(text ?? '').trim()
  if (whole.length <= limit) return whole
  const short = whole.slice(0, limit - 1)
  const end = short.lastIndexOf('. ')
  return end > limit / 2 ? short.slice(0, end + 1) : `${short.trimEnd()}…`
}

function shortened(published: JsonObject, operation: JsonObject): JsonObject {
  const { operationId, summary, description, requestBody, responses, ...rest } = operation
  const keyed = rest['x-openai-isConsequential'] === true
  const body = asObject(asObject(followed(published, asObject(requestBody)).content)['application/json'])
  return {
    operationId: operationId as Json,
    summary: cut(summary, descriptionLimit),
    description: cut(description, descriptionLimit),
    'x-openai-isConsequential': rest['x-openai-isConsequential'] ?? operation.operationId !== 'createSession',
    security: [{ apiKey: [] }],
    parameters: parametersOf(published, operation, keyed ? ['idempotencyKey', 'session', 'wait'] : ['session', 'wait']),
    requestBody: { required: true, content: { 'application/json': { schema: body.schema ?? {} } } },
    responses: answersOf(published, asObject(responses))
  }
}

function lookUpOf(published: JsonObject, item: JsonObject): JsonObject {
  const get = asObject(item.get)
  const all = { ...get, parameters: [...((item.parameters ?? []) as readonly Json[]), ...((get.parameters ?? []) as readonly Json[])] }
  return {
    get: {
      operationId: get.operationId as Json,
      summary: cut(get.summary, descriptionLimit),
      description: cut(get.description, descriptionLimit),
      'x-openai-isConsequential': false,
      security: [{ apiKey: [] }],
      parameters: parametersOf(published, all, ['runId', 'wait']),
      responses: answersOf(published, asObject(get.responses))
    }
  }
}

/** Written out: the importer follows references in schemas only. */
function parametersOf(published: JsonObject, { parameters }: JsonObject, names: readonly string[]): readonly JsonObject[] {
  return ((parameters ?? []) as readonly Json[])
    .map(parameter => followed(published, asObject(parameter)))
    .filter(({ name }) => names.includes(String(name)))
    .map(parameter => ({
      ...parameter,
      description: cut(words[String(parameter.name)] ?? parameter.description, parameterLimit),
      ...(parameter.name === 'wait' ? { schema: { ...asObject(parameter.schema), maximum: mostWaitSeconds } } : {})
    }))
}

function answersOf(published: JsonObject, responses: JsonObject): JsonObject {
  const kept = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  return Object.fromEntries(
    kept.map(([status, response]) => {
      const { description, content } = followed(published, asObject(response))
      const { schema } = asObject(asObject(content)['application/json'])
      const said = status === '202' ? pendingWords : cut(description, descriptionLimit)
      return [status, { description: said, content: { 'application/json': { schema: schema ?? {} } } }]
    })
  )
}

function followed(published: JsonObject, object: JsonObject): JsonObject {
  const [kind, name] = typeof object.$ref === 'string' ? object.$ref.split('/').slice(2) : []
  return kind === undefined || name === undefined ? object : asObject(own(asObject(own(asObject(published.components), kind)), name))
}

function shortTexts(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(shortTexts)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'description' && typeof member === 'string' ? cut(member, parameterLimit) : shortTexts(member)
    ])
  )
}
