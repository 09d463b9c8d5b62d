/** `target.login` → what every run needs to log in; compiled once for each manifest. */
import { type ActionSource, durationMs, type Json, type JsonObject, type Template } from '../../../src/index.ts'
import { compileErrorMatch, compileExpression, type ErrorMatch, type RuleContext } from '../faults.ts'
import type { OperationPlan } from '../plan.ts'
import { takesIn } from '../seen.ts'
import type { LoginKeys, TargetKeys } from '../shape.ts'

export interface LoginPlan {
  readonly operation: OperationPlan
  readonly keep: readonly (readonly [name: string, value: Template])[]
  /** Names under `keep` that are no secrets. */
  readonly open: ReadonlySet<string>
  readonly address: Template | undefined
  readonly cookies: boolean
  readonly lastsMs: number | undefined
  readonly expired: readonly ErrorMatch[]
}

interface Parts {
  readonly target: TargetKeys
  readonly source: ActionSource
  compileOperation(keys: LoginKeys, context: { target: TargetKeys; source: ActionSource; path: readonly string[] }): OperationPlan
}

const path = ['target', 'login'] as const
const known = new WeakMap<JsonObject, LoginPlan>()

export function compileLogin({ target, source, compileOperation }: Parts): LoginPlan | undefined {
  const keys = target.login
  if (keys === undefined) return undefined
  const before = known.get(source.target)
  if (before !== undefined) return before
  const plan = compile(keys, { target, source, compileOperation })
  known.set(source.target, plan)
  return plan
}

function compile(keys: LoginKeys, { target, source, compileOperation }: Parts): LoginPlan {
  // No caller's input goes into a login that all calls share, and none of its headers can need what it is to give.
  const own: ActionSource = { ...source, action: source.target.login as JsonObject, input: { type: 'object' }, output: { type: 'object' } }
  const issue = (inner: readonly (string | number)[], message: string) => source.issue([...path, ...inner], message)
  const context: RuleContext = {
    uriOf: prefix => (Object.hasOwn(target.namespaces, prefix) ? target.namespaces[prefix] : undefined),
    issue,
    takes: takesIn(own, path)
  }
  check(keys, issue)
  const value = (text: Json, at: readonly string[]) => compileExpression(text, at, context)
  return {
    operation: compileOperation(keys, { target: { ...target, headers: undefined }, source: own, path }),
    keep: Object.entries(keys.keep).map(([name, text]) => [name, value(text, ['keep', name])]),
    open: new Set(keys.public),
    address: keys.address === undefined ? undefined : value(keys.address, ['address']),
    cookies: keys.cookies,
    lastsMs: keys.lasts === undefined ? undefined : durationMs(keys.lasts),
    expired: keys.expired.map((when, index) => {
      const at = (inner: readonly (string | number)[]) => ['expired', index, ...inner]
      const takes = (inner: readonly (string | number)[]) => source.takes?.([...path, ...at(inner)])
      return compileErrorMatch('', { when, data: undefined }, { ...context, issue: (inner, message) => issue(at(inner), message), takes })
    })
  }
}

function check(
  { keep, public: open, cookies, response }: LoginKeys,
  issue: (path: readonly (string | number)[], message: string) => void
): void {
  if (Object.keys(keep).length === 0 && !cookies)
    issue([], 'gives nothing: name what later calls need under keep, or take cookies: false away')
  if (response.body === 'none') issue(['response', 'body'], 'a login without an answer gives nothing')
  if (response.result !== undefined) issue(['response', 'result'], 'is for actions: write what later calls need under keep')
  if (response.attachments === 'artifact') issue(['response', 'attachments'], 'nothing of the answer to a login is kept')
  for (const [index, name] of open.entries())
    if (!Object.hasOwn(keep, name)) issue(['public', index], `${name} is no name under keep: take one of ${Object.keys(keep).join(', ')}`)
}
