/** Two versions of a bot, as its callers feel them. */
import { canonicalJson } from '../canonical-json.ts'
import { own } from '../own.ts'
import type { Json, JsonSchema } from '../types.ts'
import type { ActionContract, Contract, ContractChange, ErrorContract } from './contract.ts'
import { type Effort, effortOfBot } from './effort.ts'
import { schemaChanges } from './schema-changes.ts'
import { stepOf } from './spot.ts'

/** Every change, breaking ones first. Steps and targets are nobody's contract: they are not looked at. */
export async function compareContracts(before: Contract, after: Contract): Promise<readonly ContractChange[]> {
  const names = [...new Set([...Object.keys(before.actions), ...Object.keys(after.actions)])]
  const effort = effortOfBot()
  const changes: ContractChange[] = []
  for (const name of names) {
    await othersFirst()
    changes.push(...ofAction(name, { where: name, pointer: `/actions${stepOf(name)}`, before, after, effort }))
  }
  const once = [...new Map(changes.map(change => [`${change.where} ${change.pointer} ${change.breaking}`, change])).values()]
  const broken = new Set(once.filter(({ breaking }) => breaking).map(({ where, pointer }) => `${where} ${pointer}`))
  return once
    .filter(({ breaking, where, pointer }) => breaking || !broken.has(`${where} ${pointer}`))
    .sort((a, b) => Number(b.breaking) - Number(a.breaking))
}

/** Large bots take long: whatever else waits gets a turn in between. */
const othersFirst = () => new Promise<void>(resolve => setImmediate(resolve))

function ofAction(name: string, place: Place): readonly ContractChange[] {
  const [old, now] = [own(place.before.actions, name), own(place.after.actions, name)]
  if (old !== undefined && now !== undefined) return actionChanges(old, now, place)
  const why = now === undefined ? 'the action is gone: a call of it is answered 404' : 'the action is new'
  return [tell(place, '', { breaking: now === undefined, was: old && summary(old), is: now && summary(now), why })]
}

interface Place {
  readonly where: string
  readonly pointer: string
  readonly before: Contract
  readonly after: Contract
  readonly effort: Effort
}

type Told = Pick<ContractChange, 'breaking' | 'was' | 'is' | 'why'>

const tell = ({ where, pointer }: Place, below: string, told: Told): ContractChange => ({
  certain: true,
  where,
  pointer: pointer + below,
  ...told
})

const summary = ({ title, effect, scopes }: ActionContract): Json => ({ title, effect, scopes })

function actionChanges(old: ActionContract, now: ActionContract, place: Place): readonly ContractChange[] {
  return [
    ...effectChanges(old, now, place),
    ...scopeChanges(old, now, place),
    ...idempotencyChanges(old, now, place),
    ...ofSchema('input', { old: old.input, now: now.input, below: '/input' }, place),
    ...ofSchema('output', { old: old.output, now: now.output, below: '/output' }, place),
    ...errorChanges(old, now, place),
    ...screenChanges(old, now, place),
    ...wordChanges(old, now, place)
  ]
}

function ofSchema(
  direction: 'input' | 'output',
  { old, now, below }: { readonly old: JsonSchema; readonly now: JsonSchema; readonly below: string },
  { where, pointer, before, after, effort }: Place
): readonly ContractChange[] {
  const side = (root: JsonSchema, { shared }: Contract) => ({ root, pointer: pointer + below, shared })
  return schemaChanges({ direction, before: side(old, before), after: side(now, after), where, effort })
}

function effectChanges({ effect: was }: ActionContract, { effect: is }: ActionContract, place: Place): readonly ContractChange[] {
  if (was === is) return []
  const why = 'what the action does to its target is another thing: keys, approvals and retries of its callers were made for the old one'
  return [tell(place, '/effect', { breaking: true, was, is, why })]
}

function scopeChanges({ scopes: was }: ActionContract, { scopes: is }: ActionContract, place: Place): readonly ContractChange[] {
  const more = is.filter(scope => !was.includes(scope))
  if (more.length === 0 && was.length === is.length) return []
  const why =
    more.length > 0
      ? `a key without ${more.join(', ')} may not call it any more`
      : 'it needs fewer scopes: every key that could call it still can'
  return [tell(place, '/scopes', { breaking: more.length > 0, was, is, why })]
}

function idempotencyChanges(
  { idempotency: was }: ActionContract,
  { idempotency: is }: ActionContract,
  place: Place
): readonly ContractChange[] {
  const changes: ContractChange[] = []
  if (was.key?.join('\n') !== is.key?.join('\n')) {
    const why =
      is.key === undefined
        ? 'a call without an Idempotency-Key is not guarded any more, or is refused'
        : was.key === undefined
          ? `calls with the same ${is.key.join(', ')} are one call now, and a second one with another input is refused`
          : 'calls that were the same are not any more, or the other way round: a retry may do it again'
    changes.push(tell(place, '/idempotency/key', { breaking: true, was: was.key, is: is.key, why }))
  }
  if (was.ttlMs !== is.ttlMs) {
    const isLess = is.ttlMs < was.ttlMs
    const why = isLess
      ? 'a late retry gets the output of the first call for a shorter time'
      : 'a late retry gets the output of the first call for longer'
    changes.push(tell(place, '/idempotency/ttl', { breaking: isLess, was: `${was.ttlMs / 1_000} s`, is: `${is.ttlMs / 1_000} s`, why }))
  }
  return changes
}

function errorChanges(old: ActionContract, now: ActionContract, place: Place): readonly ContractChange[] {
  const codes = [...new Set([...Object.keys(old.errors), ...Object.keys(now.errors)])]
  return codes.flatMap(code => {
    const [was, is] = [own(old.errors, code), own(now.errors, code)]
    const below = `/errors${stepOf(code)}`
    const written = (error: ErrorContract | undefined): Json | undefined => error && { status: error.status, title: error.title }
    if (was !== undefined && is !== undefined) return errorChange(was, is, { ...place, pointer: place.pointer + below })
    const why = is === undefined ? 'the error is gone: callers that wait for this code get another one, or none' : 'the error is new'
    return [tell(place, below, { breaking: is === undefined, was: written(was), is: written(is), why })]
  })
}

function errorChange(was: ErrorContract, is: ErrorContract, place: Place): readonly ContractChange[] {
  const changes: ContractChange[] = []
  if (was.status !== is.status)
    changes.push(tell(place, '/status', { breaking: true, was: was.status, is: is.status, why: 'the error has another status' }))
  if (was.notApplied !== is.notApplied) {
    const why = is.notApplied ? 'the error says now that nothing was done' : 'the error does not say any more that nothing was done'
    changes.push(tell(place, '/notApplied', { breaking: was.notApplied, was: was.notApplied, is: is.notApplied, why }))
  }
  for (const key of ['title', 'hint'] as const)
    if (was[key] !== is[key]) changes.push(tell(place, `/${key}`, { breaking: false, was: was[key], is: is[key], why: 'other words' }))
  if (was.data !== undefined && is.data !== undefined)
    changes.push(...ofSchema('output', { old: was.data, now: is.data, below: '/data' }, place))
  else if (was.data !== undefined || is.data !== undefined) {
    const why =
      is.data === undefined ? 'what the target says with the error is gone' : 'what the target says with the error comes along now'
    changes.push(tell(place, '/data', { breaking: is.data === undefined, was: was.data, is: is.data, why }))
  }
  return changes
}

function screenChanges({ screen: was }: ActionContract, { screen: is }: ActionContract, place: Place): readonly ContractChange[] {
  if (was === is) return []
  const why =
    was === undefined
      ? 'a call without a session is refused now'
      : "what it does with the session's screen is another thing: the steps around it were made for the old one"
  return [tell(place, '/screen', { breaking: true, was, is, why })]
}

function wordChanges(old: ActionContract, now: ActionContract, place: Place): readonly ContractChange[] {
  return (['title', 'description'] as const).flatMap(key =>
    canonicalJson(old[key]) === canonicalJson(now[key])
      ? []
      : [tell(place, `/${key}`, { breaking: false, was: old[key], is: now[key], why: 'other words' })]
  )
}
