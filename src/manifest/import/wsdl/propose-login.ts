/** An operation by whose name and input people log in → `target.login` as a proposal: whether other calls need what it gives, no file says. */
import { stringify } from 'yaml'
import { isObject } from '../../../core/schema-at.ts'
import type { Json, JsonObject } from '../../../core/types.ts'

const loginNames =
  /^(user|session|api|service)?_*(log_?(in|on)|sign_?(in|on)|authenticate|authori[sz]e|(open|start|begin|create|get|new)_(\w+_)?(session|token|ticket)|connect)(_(user|session|api|\w*\d))?$/
const passwordNames = /pass_?(word|wd|phrase|code)?$|^pwd$|secret/i
const userNames = /^(user|login|account|client|e_?mail|uid|uname)\w*$|user_?(name|id)$|login_?(name|id)?$/i
const givenNames = /session|token|ticket|^sid$|auth|handle/i

export interface LoginProposal {
  readonly action: string
  readonly login: JsonObject
}

export function proposeLogin({ actions, target, schemas }: JsonObject): LoginProposal | undefined {
  if (isObject(target) && target.login !== undefined) return undefined
  const shared = isObject(schemas) ? schemas : {}
  for (const [name, action] of Object.entries(isObject(actions) ? actions : {})) {
    if (!loginNames.test(name) || !isObject(action) || action.operation === undefined) continue
    const body = bodyOf(action.input ?? null, { shared, depth: 0 })
    if (body === undefined || !JSON.stringify(body).includes('credentials.password')) continue
    return { action: name, login: loginOf(action, body, shared) }
  }
  return undefined
}

/** As lines of a comment. */
export const loginComment = ({ action, login }: LoginProposal): string =>
  [
    `please review: ${action} looks like a login. Where other calls need what it gives, take the action away and write here:`,
    ...stringify({ login }, { lineWidth: 0, collectionStyle: 'any', flowCollectionPadding: true, aliasDuplicateObjects: false })
      .trimEnd()
      .split('\n'),
    'and send it with later calls, as headers: { <the header element>: "{{ login.token }}" }, or in their request.body'
  ]
    .map(line => ` ${line}`)
    .join('\n')

const carried = ['operation', 'endpoint', 'soap', 'soapAction', 'wsaAction', 'encoded', 'rpc'] as const

function loginOf(action: JsonObject, body: Json, shared: JsonObject): JsonObject {
  const { input = null, output = null, response } = action
  const given = givenBy(output, { shared, depth: 0 })
  const own = carried.flatMap(key => (action[key] === undefined ? [] : [[key, action[key]] as const]))
  return {
    ...Object.fromEntries(own),
    request: { schema: inlined(input, { shared, depth: 0 }), body },
    response: { ...(isObject(response) ? response : {}), schema: inlined(output, { shared, depth: 0 }) },
    ...(given === undefined ? {} : { keep: { token: `{{ response.${given.join('.')} }}` } })
  }
}

interface Within {
  readonly shared: JsonObject
  readonly depth: number
}

const deepest = 3

function propertiesOf(schema: Json, shared: JsonObject): readonly (readonly [string, Json])[] {
  const found = followed(schema, shared)
  return isObject(found) && isObject(found.properties) ? Object.entries(found.properties) : []
}

function followed(schema: Json, shared: JsonObject): Json {
  if (!isObject(schema) || typeof schema.$ref !== 'string') return schema
  return shared[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? null
}

/** A login reads no shared schema. What lies too deep, or holds itself, is left out. */
function inlined(schema: Json, { shared, depth }: Within): Json {
  if (Array.isArray(schema)) return schema.map(each => inlined(each, { shared, depth }))
  if (!isObject(schema)) return schema
  if (typeof schema.$ref === 'string') {
    const { $ref: _, ...beside } = schema
    const found = followed(schema, shared)
    if (depth > deepest || !isObject(found)) return { type: 'object', ...beside }
    return inlined({ ...found, ...beside }, { shared, depth: depth + 1 })
  }
  return Object.fromEntries(Object.entries(schema).map(([name, each]) => [name, inlined(each, { shared, depth })]))
}

/** What the credentials can give: undefined where they give nothing. */
function bodyOf(schema: Json, { shared, depth }: Within): JsonObject | undefined {
  if (depth > deepest) return undefined
  const members = propertiesOf(schema, shared).flatMap(([name, property]): readonly (readonly [string, Json])[] => {
    const inner = bodyOf(property, { shared, depth: depth + 1 })
    if (inner !== undefined) return [[name, inner]]
    if (!isText(followed(property, shared))) return []
    if (passwordNames.test(name)) return [[name, '{{ credentials.password }}']]
    return userNames.test(name) ? [[name, '{{ credentials.username }}']] : []
  })
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

/** The text that later calls need: the one whose name says so, or the only one. */
function givenBy(schema: Json, within: Within): readonly string[] | undefined {
  const texts = textsOf(schema, within)
  return texts.find(path => givenNames.test(path.at(-1) ?? '')) ?? (texts.length === 1 ? texts[0] : undefined)
}

function textsOf(schema: Json, { shared, depth }: Within): readonly (readonly string[])[] {
  if (depth > deepest) return []
  return propertiesOf(schema, shared).flatMap(([name, property]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) return []
    if (isText(followed(property, shared))) return [[name]]
    return textsOf(property, { shared, depth: depth + 1 }).map(path => [name, ...path])
  })
}

const isText = (schema: Json): boolean => isObject(schema) && [schema.type].flat().includes('string')
