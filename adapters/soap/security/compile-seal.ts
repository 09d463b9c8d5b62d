/** The keys of a manifest → how its requests are sealed; undefined where there is nothing to add. */
import { type ActionSource, escapeAttribute, type JsonObject } from '../../../src/index.ts'
import type { Version } from '../envelope.ts'
import { compileExpression, type RuleContext } from '../faults.ts'
import type { OperationKeys, TargetKeys } from '../shape.ts'
import { type CustomHeaders, headerKeys, localNames } from './custom-headers.ts'
import type { SealPlan } from './seal.ts'

type Issue = ActionSource['issue']
type Takes = RuleContext['takes']

interface Sealing {
  readonly target: TargetKeys
  readonly version: Version
  uriOf(prefix: string): string | undefined
  /** Reports mistakes of the operation. */
  readonly issue: Issue
  /** Reports mistakes of the target. */
  readonly issueTarget: Issue
  readonly takes: Takes
  readonly takesTarget: Takes
}

export function compileSeal(keys: OperationKeys, context: Sealing): SealPlan | undefined {
  const { target, version } = context
  if (!keys.secured) return undefined
  const headers = [
    ...(target.headers === undefined
      ? []
      : [compileHeaders(target.headers, { uriOf: context.uriOf, issue: context.issueTarget, takes: context.takesTarget })]),
    ...(keys.headers === undefined ? [] : [compileHeaders(keys.headers, context)])
  ]
  const action = keys.wsaAction ?? keys.soapAction
  if (target.addressing === undefined && keys.wsaAction !== undefined) context.issue(['wsaAction'], 'needs target.addressing: true')
  if (target.addressing !== undefined && action === '') context.issue([], 'needs wsaAction (or soapAction), because of target.addressing')
  if (headers.length === 0 && target.security === undefined && target.addressing === undefined) return undefined
  const oneWay = keys.response.body === 'none'
  const addressing =
    target.addressing === undefined ? undefined : { version: target.addressing.version, to: target.addressing.to, action, oneWay }
  return { version, addressing, security: target.security, headers }
}

function compileHeaders(value: JsonObject, { uriOf, issue: report, takes }: RuleContext): CustomHeaders {
  const declared = new Map<string, string>()
  const issue: Issue = (path, message) => report(['headers', ...path], message)
  const use = (prefix: string): boolean => {
    const uri = uriOf(prefix)
    if (uri !== undefined) declared.set(prefix, uri)
    return uri !== undefined || prefix === 'soapenv' || prefix === 'xsi' || prefix === 'xml'
  }
  const keys = new Set(headerKeys(value, { use, issue }))
  const declarations = [...declared].map(([prefix, uri]) => ` xmlns:${prefix}="${escapeAttribute(uri)}"`).join('')
  return { template: compileExpression(value, ['headers'], { uriOf, issue: report, takes }), keys, declarations }
}

/** The names of the elements that tell secrets, as artifacts are masked by name. */
const tellingNames = ['UsernameToken', 'BinarySecurityToken', 'SignatureValue']

export const sealedNames = (plan: SealPlan | undefined): readonly string[] =>
  plan === undefined ? [] : [...tellingNames, ...plan.headers.flatMap(({ keys }) => localNames(keys))]
