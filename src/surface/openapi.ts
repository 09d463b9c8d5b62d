/** The published document: OpenAPI 3.1 with one path for each action, filtered by what the caller may use. */
import { type ErrorCode, errorKinds } from '../core/errors.ts'
import type { Action, Bot, Json, JsonObject } from '../core/types.ts'
import { pruneComponents } from './prune-components.ts'
import { rootSchema } from './root-schema.ts'
import { askedInput } from './session-input.ts'

export interface OpenApiOptions {
  /** The parsed openapi/retrofit.yaml. */
  readonly base: JsonObject
  readonly bots: readonly Bot[]
  /** Whether the reader of the document holds all these scopes. */
  allows(scopes: readonly string[]): boolean
  readonly serverUrl: string
}

const template = '/v1/actions/{action}'
const methods = ['get', 'put', 'post', 'delete', 'patch'] as const

/** What any action can answer beside its output; `idempotency_key_required` and `outcome_unknown` only where they can happen. */
const common: readonly ErrorCode[] = [
  'malformed_json',
  'invalid_request',
  'unauthenticated',
  'origin_not_allowed',
  'insufficient_scope',
  'credential_refused',
  'callback_refused',
  'action_not_found',
  'not_acceptable',
  'run_cancelled',
  'key_expired',
  'version_changed',
  'body_too_large',
  'uri_too_long',
  'expectation_failed',
  'unsupported_media_type',
  'invalid_input',
  'idempotency_key_reused',
  'rate_limited',
  'quota_exceeded',
  'headers_too_large',
  'internal_error',
  'target_failed',
  'secret_in_output',
  'invalid_output',
  'worker_lost',
  'queue_full',
  'circuit_open',
  'not_ready',
  'deadline_exceeded'
]

const ofScreens: readonly ErrorCode[] = ['session_required', 'session_busy', 'screen_gone', 'screens_full']

const object = (value: Json | undefined): JsonObject => (value ?? {}) as JsonObject
const local = (kind: string, name: string): JsonObject => ({ $ref: `#/components/${kind}/${name}` })

export function openApiDocument({ base, bots, allows, serverUrl }: OpenApiOptions): JsonObject {
  const paths = object(base.paths)
  const components = object(base.components)
  const call = object(object(paths[template]).post)
  const usable = bots
    .map(bot => ({ bot, actions: bot.actions.filter(({ scopes }) => allows(scopes)) }))
    .filter(({ actions }) => actions.length > 0)
  const schemas = usable.flatMap(({ actions }) => actions.flatMap(schemasOf))
  const share = createSharing()
  const actionPaths = usable.flatMap(({ bot, actions }) =>
    actions.map(action => [`/v1/actions/${action.name}`, pathOf(bot, action, { call, share })] as const)
  )
  return pruneComponents({
    ...base,
    servers: [{ url: serverUrl }],
    tags: [...usable.map(({ bot }) => tagOf(bot)), ...(base.tags as readonly JsonObject[])],
    paths: { ...Object.fromEntries(actionPaths), ...staticPaths(paths, allows) },
    components: {
      ...components,
      responses: { ...object(components.responses), ...share.responses() },
      schemas: { ...Object.fromEntries(schemas), ...object(components.schemas) }
    }
  })
}

const tagOf = ({ title, description }: Bot): JsonObject => ({ name: title, description: description ?? title })

function staticPaths(paths: JsonObject, allows: OpenApiOptions['allows']): JsonObject {
  const kept = Object.entries(paths)
    .filter(([path]) => path !== template)
    .map(([path, item]) => [path, usableItem(object(item), allows)] as const)
  return Object.fromEntries(kept.filter(([, item]) => methods.some(method => item[method] !== undefined)))
}

function usableItem(item: JsonObject, allows: OpenApiOptions['allows']): JsonObject {
  const isMethod = (name: string): boolean => (methods as readonly string[]).includes(name)
  const usable = ([name, operation]: [string, Json]): boolean => {
    const security = object(operation).security as readonly { readonly apiKey?: readonly string[] }[] | undefined
    return !isMethod(name) || allows(security?.[0]?.apiKey ?? [])
  }
  const kept = Object.entries(item).filter(usable)
  return Object.fromEntries(kept)
}

/** By name of the component. */
export const schemasOf = (action: Action): readonly (readonly [string, Json])[] => [
  ...Object.entries(rootSchema(`${action.name}.input`, askedInput(action))),
  ...Object.entries(rootSchema(`${action.name}.output`, action.output)),
  ...Object.entries(action.errors).flatMap(([code, { data }]) =>
    data === undefined ? [] : Object.entries(rootSchema(dataName(action.name, code), data.schema))
  )
]
const dataName = (action: string, code: string): string => `${action}.error.${code}`

/** Most errors are the same for every action: written once, they are a third of a large document. */
interface Sharing {
  (status: string, examples: readonly Example[]): JsonObject
  responses(): JsonObject
}

function createSharing(): Sharing {
  const known = new Map<string, { readonly name: string; readonly response: JsonObject }>()
  const add = (key: string, status: string, examples: readonly Example[]) => {
    const taken = [...known.values()].filter(({ name }) => name.startsWith(`Call${status}`)).length
    const made = { name: taken === 0 ? `Call${status}` : `Call${status}_${taken + 1}`, response: problemResponse(status, examples) }
    known.set(key, made)
    return made
  }
  // What no action declares is what its codes are.
  const share = (status: string, examples: readonly Example[]): JsonObject => {
    const key = `${status} ${examples.map(({ code }) => code).join(' ')}`
    return local('responses', (known.get(key) ?? add(key, status, examples)).name)
  }
  return Object.assign(share, { responses: () => Object.fromEntries([...known.values()].map(({ name, response }) => [name, response])) })
}

interface Describing {
  /** The operation of the contract that stands for all actions. */
  readonly call: JsonObject
  readonly share: Sharing
}

function pathOf(bot: Bot, action: Action, { call, share }: Describing): JsonObject {
  const responses = object(call.responses)
  const parameters = (call.parameters as readonly JsonObject[]).filter(parameter => isFor(action, parameter))
  return {
    post: {
      operationId: action.name,
      summary: action.title,
      description: describe(action),
      tags: [bot.title],
      security: [{ apiKey: action.scopes }],
      'x-bot-version': action.botVersion,
      'x-openai-isConsequential': action.effect !== 'read',
      parameters,
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: local('schemas', `${action.name}.input`),
            ...(action.example === undefined ? {} : { example: action.example })
          }
        }
      },
      responses: {
        '200': okOf(action, object(responses['200'])),
        '202': responses['202'] as Json,
        '408': responses['408'] as Json,
        ...problemsOf(action, share)
      },
      callbacks: call.callbacks as Json
    }
  }
}

/** Parameters about sessions are for actions that use one. */
const isFor = ({ session }: Action, { name, $ref }: JsonObject): boolean =>
  name !== 'action' && (session !== undefined || (!String($ref).endsWith('/SessionId') && !String($ref).endsWith('/SessionQuery')))

const effects: Record<Action['effect'], string> = {
  read: 'Only reads.',
  write: 'Changes something in the target. A repeat with the same idempotency key gets the same run.',
  irreversible: 'Changes something in the target that can not be undone. A repeat with the same idempotency key gets the same run.'
}

function describe({ description, effect, idempotency }: Action): string {
  const key = idempotency.key === undefined ? '' : ` So does one with the same ${idempotency.key.join(' and ')}, whatever key is sent.`
  return `${description.trim()}\n\n${effects[effect]}${key}`
}

function okOf({ name }: Action, response: JsonObject): JsonObject {
  const content = object(response.content)
  return { ...response, content: { ...content, 'application/json': { schema: local('schemas', `${name}.output`) } } }
}

interface Example {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly value: JsonObject
  /** The component that describes its data. */
  readonly data?: string
}

function codesOf({ effect, idempotency, session }: Action): readonly ErrorCode[] {
  const all = [
    ...common,
    ...(session === undefined ? [] : (['session_not_found'] as const)),
    ...(session?.screen === undefined ? [] : ofScreens)
  ]
  if (effect === 'read') return all
  return [...all, ...(idempotency.key === undefined ? (['idempotency_key_required'] as const) : []), 'outcome_unknown']
}

/** One response for each status, with an example for each code that it can carry. */
function problemsOf(action: Action, share: Sharing): JsonObject {
  const known: readonly Example[] = codesOf(action).map(code => ({ ...errorKinds[code], code, value: local('examples', code) }))
  const declared = Object.entries(action.errors).map(([code, { status, title, hint, data }]) => ({
    status,
    code,
    title,
    ...(data === undefined ? {} : { data: dataName(action.name, code) }),
    value: { summary: title, value: declaredProblem({ code, status, title, hint }) }
  }))
  const byStatus = Map.groupBy([...declared, ...known], ({ status }) => String(status))
  const isOwn = (status: string): boolean => declared.some(one => String(one.status) === status)
  return Object.fromEntries(
    [...byStatus].map(([status, examples]) => [status, isOwn(status) ? problemResponse(status, examples) : share(status, examples)])
  )
}

function declaredProblem({
  code,
  status,
  title,
  hint
}: {
  code: string
  status: number
  title: string
  hint: string | undefined
}): JsonObject {
  return {
    type: `urn:retrofit:problem:${code}`,
    title,
    status,
    detail: title,
    instance: '/v1/runs/run_01j8z4c9kq2m5n7p3r6tv',
    code,
    retryable: false,
    effect: 'none',
    runId: 'run_01j8z4c9kq2m5n7p3r6tv',
    ...(hint === undefined ? {} : { hint })
  }
}

const ofWaits = ['Retry-After']
const ofLimits = [...ofWaits, 'RateLimit-Policy', 'RateLimit']

function problemResponse(status: string, examples: readonly Example[]): JsonObject {
  const waits = status === '429' || status === '503'
  return {
    description: examples.map(({ code, title }) => `\`${code}\`: ${title}.`).join(' '),
    ...(waits ? { headers: Object.fromEntries((status === '429' ? ofLimits : ofWaits).map(name => [name, local('headers', name)])) } : {}),
    ...(status === '401' ? { headers: { 'WWW-Authenticate': local('headers', 'WWW-Authenticate') } } : {}),
    content: {
      'application/problem+json': {
        schema: problemSchema(examples),
        examples: Object.fromEntries(examples.map(({ code, value }) => [code, value]))
      }
    }
  }
}

/** A problem; the errors that carry data say which. */
function problemSchema(examples: readonly Example[]): JsonObject {
  const problem = local('schemas', 'Problem')
  const plain = examples.filter(({ data }) => data === undefined).map(({ code }) => code)
  const typed = examples.flatMap(({ code, title, data }) =>
    data === undefined
      ? []
      : [{ title, allOf: [problem, { type: 'object', properties: { code: { const: code }, data: local('schemas', data) } }] }]
  )
  if (typed.length === 0) return problem
  return {
    anyOf: [...typed, ...(plain.length === 0 ? [] : [{ allOf: [problem, { type: 'object', properties: { code: { enum: plain } } }] }])]
  }
}
