/** A manifest's action → everything that a run needs, compiled once. */
import { type ActionSource, durationMs, type Json, type JsonObject, type JsonSchema, type Template } from '../../src/index.ts'
import { compileLogin, type LoginPlan } from './access/compile-login.ts'
import type { OauthKeys } from './access/shape.ts'
import { type AttachmentPlan, packagingOf } from './attachments/take-parts.ts'
import { compileMapping, type KnownMappings } from './compile-mapping.ts'
import { compileFrame, type Frame, headersFor } from './envelope.ts'
import { compileErrorMatch, compileExpression, compileRule, type ErrorMatch, type Match, type RuleContext } from './faults.ts'
import type { Name, ObjectMapping, VariantsMapping } from './mapping.ts'
import { createNamespaces, isReserved, type Namespaces } from './namespaces.ts'
import type { AuthName } from './security/auth.ts'
import { checkTargetSecurity } from './security/check-target.ts'
import { compileSeal, sealedNames } from './security/compile-seal.ts'
import type { SealPlan } from './security/seal.ts'
import type { TlsKeys } from './security/shape.ts'
import { takesIn } from './seen.ts'
import { sensitiveNames } from './sensitive-names.ts'
import { type Limits, type OperationKeys, shape, type TargetKeys } from './shape.ts'

export interface OperationPlan {
  readonly frame: Frame
  readonly headers: Readonly<Record<string, string>>
  readonly request: ObjectMapping | VariantsMapping
  /** Undefined: the input as it is. */
  readonly body: Template | undefined
  /** The element that answers; `parts`: the body itself; `none`: one-way. */
  readonly answer: Name | 'parts' | 'none'
  readonly encoded: boolean
  /** The names of the answering element and of its first one are not significant (SOAP 1.1, section 7.1). */
  readonly rpc: boolean
  /** Undefined: that of the target. */
  readonly endpoint: string | undefined
  /** From the answering element to the one that the response is read from. */
  readonly inside: readonly Name[]
  readonly response: ObjectMapping | VariantsMapping
  /** Undefined: the response as it is. */
  readonly result: Template | undefined
  readonly attachments: AttachmentPlan
  readonly timeoutMs: number | undefined
  /** Elements and attributes whose content no artifact shows. */
  readonly sensitive: ReadonlySet<string>
  /** Undefined: nothing is added to a request, and an answer is believed as it is. */
  readonly seal: SealPlan | undefined
}

export interface Plan {
  readonly operation: OperationPlan
  readonly auth: AuthName
  readonly login: LoginPlan | undefined
  /** Undefined: no token is asked for. */
  readonly oauth: OauthKeys | undefined
  readonly proxy: string | undefined
  readonly tls: TlsKeys | undefined
  readonly gzip: boolean
  readonly limits: Limits
  readonly commit: boolean
  readonly errors: readonly ErrorMatch[]
  readonly notApplied: readonly Match[]
  readonly probe: { readonly operation: OperationPlan; readonly found: Template; readonly output: Template | undefined } | undefined
}

type Path = readonly (string | number)[]
type Issue = ActionSource['issue']

const targetShape = shape.target.strip()
const actionShape = shape.action.strip()
const probeShape = shape.probe.strip()
const errorShape = shape.error.strip()

export function compilePlan(source: ActionSource): Plan {
  const target = targetShape.parse(source.target)
  const action = actionShape.parse(source.action)
  checkTarget(target, source)
  checkCommit(source, action.commit)
  const { errors = {}, probe } = source.action
  const context = (path: Path): RuleContext => ({
    uriOf: prefix => (Object.hasOwn(target.namespaces, prefix) ? target.namespaces[prefix] : undefined),
    issue: (inner, message) => source.issue([...path, ...inner], message),
    takes: takesIn(source, path)
  })
  return {
    operation: compileOperation(action, { target, source, path: [], input: source.input, output: source.output }),
    auth: target.auth,
    login: compileLogin({
      target,
      source,
      compileOperation: (keys, parts) => compileOperation(keys, { ...parts, input: undefined, output: undefined })
    }),
    oauth: target.auth === 'oauth' ? target.oauth : undefined,
    proxy: target.proxy,
    tls: target.tls,
    gzip: target.gzip,
    limits: target.limits,
    commit: action.commit,
    errors: Object.entries(errors as JsonObject).flatMap(([code, error]) => {
      const { when } = errorShape.parse(error)
      const data = compileData({ target, source, action, code, schema: (error as JsonObject).data as JsonSchema | undefined })
      return when === undefined ? [] : [compileErrorMatch(code, { when, data }, context(['errors', code, 'when']))]
    }),
    notApplied: action.notApplied.map((rule, index) => compileRule(rule, context(['notApplied', index]))),
    probe: probe === undefined ? undefined : compileProbe(probe, { target, source, context: context(['probe']) })
  }
}

interface DataParts extends Omit<ProbeParts, 'context'> {
  readonly action: OperationKeys
  readonly code: string
  readonly schema: JsonSchema | undefined
}

/** Its elements are in the namespace of the operation, as those of the answer. */
function compileData({ target, source, action, code, schema }: DataParts): ReturnType<typeof compileMapping> | undefined {
  if (schema === undefined) return undefined
  const { namespaces, known } = sharedFor(source.target, target)
  const prefix = action.operation?.includes(':') === true ? action.operation.slice(0, action.operation.indexOf(':')) : undefined
  const uri = prefix === undefined ? '' : (namespaces.uriOf(prefix) ?? '')
  return compileMapping({
    namespaces,
    known,
    encoded: action.encoded,
    defaultUri: target.elementForm === 'qualified' ? uri : '',
    root: schema,
    issue: (inner, message) => source.issue(['errors', code, 'data', ...inner], message)
  })
}

function checkTarget(keys: TargetKeys, source: ActionSource): void {
  for (const prefix of Object.keys(keys.namespaces))
    if (isReserved(prefix)) source.issue(['target', 'namespaces', prefix], 'is a prefix that envelopes use: take another')
  checkTargetSecurity(keys, source)
}

function checkCommit({ effect, issue }: ActionSource, commit: boolean): void {
  if (effect === 'read' && commit) issue(['commit'], 'a read has no commit point: remove it, or say which effect the action has')
  if (effect !== 'read' && !commit) issue([], `an action with effect ${effect} needs commit: true, which makes its call the commit point`)
}

interface ProbeParts {
  readonly target: TargetKeys
  readonly source: ActionSource
  readonly context: RuleContext
}

function compileProbe(probe: Json, { target, source, context }: ProbeParts): NonNullable<Plan['probe']> {
  const keys = probeShape.parse(probe)
  return {
    operation: compileOperation(keys, { target, source, path: ['probe'], input: undefined, output: undefined }),
    found: compileExpression(keys.found, ['found'], context),
    output: keys.output === undefined ? undefined : compileExpression(keys.output, ['output'], context)
  }
}

/** The common part of all actions of one manifest: shared schemas are compiled once. */
interface Shared {
  readonly namespaces: Namespaces
  readonly known: KnownMappings
}
const sharedByTarget = new WeakMap<JsonObject, Shared>()

function sharedFor(source: JsonObject, { namespaces }: TargetKeys): Shared {
  const shared = sharedByTarget.get(source) ?? { namespaces: createNamespaces(namespaces), known: new Map() }
  sharedByTarget.set(source, shared)
  return shared
}

interface OperationContext {
  readonly target: TargetKeys
  readonly source: ActionSource
  readonly path: Path
  /** The schemas that stand for those of the request and the response. */
  readonly input: JsonSchema | undefined
  readonly output: JsonSchema | undefined
}

function compileOperation(keys: OperationKeys, context: OperationContext): OperationPlan {
  const { target, source, path } = context
  const issue: Issue = (inner, message) => source.issue([...path, ...inner], message)
  const { namespaces, known } = sharedFor(source.target, target)
  const operation = requestName(keys, namespaces, issue)
  const { element = `${keys.operation}Response` } = keys.response
  const inside = keys.response.inside?.split('/') ?? []
  const named = keys.response.body === 'element'
  const answer = named ? nameOf(namespaces, element, message => issue(['response', 'element'], message)) : undefined
  const side = (name: 'request' | 'response', fallback: JsonSchema | undefined, uri: string) => {
    const schema = keys[name].schema as JsonSchema | undefined
    const at = schema !== undefined ? [...path, name, 'schema'] : name === 'request' ? ['input'] : ['output']
    checkMarks(source, { schema, at, name })
    if (schema === undefined && fallback === undefined) issue([name], `needs a schema: the ${name} of a probe or login has no other`)
    const root = schema ?? fallback ?? { type: 'object' }
    const defaultUri = target.elementForm === 'qualified' ? uri : ''
    return {
      root,
      mapping: compileMapping({
        namespaces,
        known,
        encoded: keys.encoded,
        defaultUri,
        root,
        issue: (inner, message) => source.issue([...at, ...inner], message)
      })
    }
  }
  const request = side('request', context.input, operation?.uri ?? '')
  const response = side('response', context.output, answer?.uri ?? '')
  const version = keys.soap ?? target.soap
  const rules: RuleContext = { uriOf: namespaces.uriOf, issue, takes: takesIn(source, path) }
  const seal = compileSeal(keys, {
    target,
    version,
    ...rules,
    issueTarget: (inner, message) => source.issue(['target', ...inner], message),
    takesTarget: takesIn(source, ['target'])
  })
  const [{ body }, { result }] = [keys.request, keys.response]
  return {
    frame: compileFrame({ version, operation, declarations: namespaces.declarations(), encoded: keys.encoded }),
    headers: headersFor(version, keys.soapAction),
    request: request.mapping,
    body: body === undefined ? undefined : compileExpression(body, ['request', 'body'], rules),
    answer: answer ?? (keys.response.body === 'parts' ? 'parts' : 'none'),
    encoded: keys.encoded,
    rpc: keys.encoded || keys.rpc,
    endpoint: keys.endpoint,
    inside: inside.map(part => nameOf(namespaces, part, message => issue(['response', 'inside'], message))),
    response: response.mapping,
    result: result === undefined ? undefined : compileExpression(result, ['response', 'result'], rules),
    attachments: attachmentsOf({ request: request.mapping, answer: response.mapping, keys, seal, issue }),
    timeoutMs: keys.timeout === undefined ? undefined : durationMs(keys.timeout),
    sensitive: new Set([...sensitiveNames([request.root, response.root, source.input, source.output]), ...sealedNames(seal)]),
    seal
  }
}

/** Undefined: the request has no element around it. */
function requestName({ body, operation }: OperationKeys, namespaces: Namespaces, issue: Issue): Name | undefined {
  if (body === 'element' && operation === undefined) issue([], 'needs operation: the element in the SOAP body, or body: parts')
  if (body === 'parts' || operation === undefined) return undefined
  return nameOf(namespaces, operation, message => issue(['operation'], message))
}

interface Packed {
  readonly request: OperationPlan['request']
  readonly answer: OperationPlan['response']
  readonly keys: OperationKeys
  readonly seal: SealPlan | undefined
  readonly issue: Issue
}

function attachmentsOf({ request, answer, keys, seal, issue }: Packed): AttachmentPlan {
  const sent = packagingOf(request)
  if (sent !== undefined && seal?.security?.sign !== undefined)
    issue(['request'], 'has attachments, which target.security.sign can not sign: take x-attachment away, or write secured: false')
  return { request: sent, answer: packagingOf(answer), artifacts: keys.response.attachments === 'artifact' }
}

/** Artifacts of a failed answer must hide everything that the output hides; the same for requests. */
function checkMarks(
  source: ActionSource,
  { schema, at, name }: { schema: JsonSchema | undefined; at: Path; name: 'request' | 'response' }
): void {
  const own = name === 'request' ? source.input : source.output
  if (schema === undefined || sensitiveNames([own]).size === 0 || sensitiveNames([schema]).size > 0) return
  source.issue(at, `must mark with x-sensitive what the ${name === 'request' ? 'input' : 'output'} marks, so that artifacts hide it`)
}

function nameOf(namespaces: Namespaces, qualified: string, refuse: (message: string) => void): Name {
  const [local = '', prefix] = qualified.split(':').reverse()
  const uri = prefix === undefined ? '' : namespaces.uriOf(prefix)
  if (uri === undefined) refuse(`the prefix ${prefix} is not in target.namespaces`)
  return namespaces.nameIn(uri ?? '', local)
}
