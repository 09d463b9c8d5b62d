/** What a shape can not say about one action. Each check reads the text as it is: the shape may have mistakes elsewhere. */
import type { Adapter } from '../core/adapter.ts'
import { boundedCheck } from '../core/bounded.ts'
import { withDefaults } from '../core/defaults.ts'
import { durationMs } from '../core/duration.ts'
import { errorKinds } from '../core/errors.ts'
import { own } from '../core/own.ts'
import type { Ajv } from '../core/schema.ts'
import type { Check, JsonObject } from '../core/types.ts'
import { checkDefaults } from './default-checks.ts'
import { suggestion } from './did-you-mean.ts'
import { keyError, keyWarning, type Path, type Report, valueError } from './issue.ts'
import { checkSchema, withoutShared } from './schema-checks.ts'
import { isObject } from './schema-walk.ts'
import { checkSessionMarks } from './session-places.ts'
import { namePattern } from './shape.ts'
import type { SharedSchemas } from './shared-schemas.ts'

export interface ActionToCheck {
  readonly bot: string
  readonly name: string
  readonly path: Path
  readonly source: JsonObject
  readonly adapter: Adapter | undefined
  readonly ajv: Ajv
  readonly shared: SharedSchemas
  /** From an operator's folder. */
  readonly trusted: boolean
  /** This very text was loaded before: its schemas are compiled when somebody calls. */
  readonly verified: boolean
  readonly report: Report
}

export interface Checks {
  readonly checkInput: Check | undefined
  readonly checkOutput: Check | undefined
  /** By the code of the error. */
  readonly checkData: Readonly<Record<string, Check>>
}

export function checkAction(action: ActionToCheck): Checks {
  for (const check of checks) check(action)
  return action.verified ? lateChecks(action) : earlyChecks(action)
}

function earlyChecks(action: ActionToCheck): Checks {
  const checkInput = schemaOf(action, 'input')
  if (checkInput !== undefined && isObject(action.source.input)) {
    checkDefaults({
      ...action,
      schema: action.source.input,
      own: withoutShared(action.source.input, action.shared),
      path: [...action.path, 'input']
    })
    if (action.source.input.type === 'object') checkExample(action, checkInput)
  }
  return { checkInput, checkOutput: schemaOf(action, 'output'), checkData: dataChecks(action) }
}

/** All of an action at once, before anything is sent: what can not be compiled shall not show after the effect. */
function lateChecks(action: ActionToCheck): Checks {
  let made: Checks | undefined
  const all = () => {
    made ??= { checkInput: schemaOf(action, 'input'), checkOutput: schemaOf(action, 'output'), checkData: dataChecks(action) }
    return made
  }
  const late =
    (pick: (checks: Checks) => Check | undefined): Check =>
    value =>
      pick(all())?.(value) ?? []
  const codes = Object.entries(isObject(action.source.errors) ? action.source.errors : {}).flatMap(([code, error]) =>
    isObject(error) && isObject(error.data) ? [code] : []
  )
  return {
    checkInput: late(checks => checks.checkInput),
    checkOutput: late(checks => checks.checkOutput),
    checkData: Object.fromEntries(codes.map(code => [code, late(checks => own(checks.checkData, code))]))
  }
}

function dataChecks({ source, path, ...rest }: ActionToCheck): Readonly<Record<string, Check>> {
  const found = Object.entries(isObject(source.errors) ? source.errors : {}).flatMap(([code, error]) => {
    const schema = isObject(error) ? error.data : undefined
    const check = isObject(schema) ? checkSchema({ ...rest, schema, path: [...path, 'errors', code, 'data'] }) : undefined
    return check === undefined ? [] : [[code, check] as const]
  })
  return Object.fromEntries(found)
}

const checks: readonly ((action: ActionToCheck) => void)[] = [
  checkName,
  checkInputType,
  checkKey,
  checkEffect,
  checkErrors,
  checkRetry,
  checkMarks,
  checkScreen
]

function schemaOf({ source, path, ajv, shared, trusted, verified, report }: ActionToCheck, which: 'input' | 'output'): Check | undefined {
  const schema = source[which]
  const at = { path: [...path, which], ajv, shared, trusted, verified, report }
  const check = isObject(schema) ? checkSchema({ ...at, schema }) : undefined
  return which === 'input' && isObject(schema) && check !== undefined ? boundedCheck(schema, check) : check
}

function checkName({ bot, name, path, report }: ActionToCheck): void {
  const joined = `${bot}_${name}`
  if (namePattern.test(bot) && namePattern.test(name) && !namePattern.test(joined))
    report(keyError(path, `the joined name ${joined} has ${joined.length} characters: 64 are the limit, shorten one of the two`))
}

function checkScreen({ source, path, adapter, report }: ActionToCheck): void {
  if (source.screen !== undefined && adapter !== undefined && adapter.closeScreen === undefined)
    report(keyError([...path, 'screen'], `the adapter ${adapter.name} keeps no screens: leave it out`))
}

function checkMarks({ source, path, shared, report }: ActionToCheck): void {
  for (const which of ['input', 'output'] as const) {
    const schema = source[which]
    if (isObject(schema)) checkSessionMarks({ schema, which, path: [...path, which], shared, report })
  }
}

function checkInputType({ source, path, report }: ActionToCheck): void {
  const { input } = source
  if (!isObject(input)) return
  if (input.type !== 'object')
    report(
      (input.type === undefined ? keyError : valueError)([...path, 'input', 'type'], 'the input must be an object: write type: object')
    )
  else if (input.additionalProperties === undefined && input.unevaluatedProperties === undefined)
    report(keyWarning([...path, 'input'], 'accepts any other property, also one that a model made up: add additionalProperties: false'))
}

function checkExample({ source, path, report }: ActionToCheck, check: Check): void {
  if (!isObject(source.example) || !isObject(source.input)) return
  for (const { pointer, message } of check(withDefaults(source.input, source.example))) {
    const steps = pointer.split('/').slice(1)
    report(
      valueError(
        [...path, 'example', ...steps],
        `does not fit the input schema: ${steps.length === 0 ? '' : `${steps.join('.')} `}${message}`
      )
    )
  }
}

function checkKey({ source, path, report }: ActionToCheck): void {
  const { idempotency, input } = source
  if (!isObject(idempotency) || !Array.isArray(idempotency.key) || !isObject(input)) return
  const known = Object.keys(isObject(input.properties) ? input.properties : {})
  const required: readonly unknown[] = Array.isArray(input.required) ? input.required : []
  for (const [index, name] of idempotency.key.entries()) {
    const at = [...path, 'idempotency', 'key', index]
    if (!known.includes(String(name)))
      report(valueError(at, `the input has no property ${JSON.stringify(name)}; ${suggestion(String(name), known)}`))
    else if (!required.includes(name) && !hasDefault(input, String(name)))
      report(
        valueError(
          at,
          `${JSON.stringify(name)} may be missing from the input: add it to input.required or give it a default, or two calls without it are one`
        )
      )
  }
  if (source.effect === 'read')
    report(keyWarning([...path, 'idempotency', 'key'], 'a read with a key answers from its first run for ttl: leave it out to read afresh'))
}

const hasDefault = (input: JsonObject, name: string): boolean => Object.hasOwn(withDefaults(input, {}) as JsonObject, name)

function checkEffect({ source, path, adapter, report }: ActionToCheck): void {
  const { effect, probe } = source
  if (effect === 'read') {
    for (const key of ['probe', 'rerun'])
      if (source[key] !== undefined) report(keyError([...path, key], `a read has no effect: leave ${key} out, or change effect`))
    return
  }
  if (probe !== undefined && adapter !== undefined && adapter.probe === undefined)
    report(keyError([...path, 'probe'], `the adapter ${adapter.name} can not probe: leave it out`))
  const { idempotency } = source
  if (effect === 'write' && probe === undefined && !(isObject(idempotency) && idempotency.key !== undefined))
    report(
      keyWarning(
        path,
        'writes and has neither idempotency.key nor a probe: every caller must send an Idempotency-Key, and a run that is cut off ends in outcome_unknown'
      )
    )
  if (effect === 'irreversible' && probe === undefined)
    report(
      keyWarning(
        path,
        'is irreversible and has no probe: a run that is cut off ends in outcome_unknown until a person resolves it; add probe'
      )
    )
}

function checkErrors({ source, path, report }: ActionToCheck): void {
  for (const code of Object.keys(isObject(source.errors) ? source.errors : {}))
    if (Object.hasOwn(errorKinds, code)) report(keyError([...path, 'errors', code], `${code} is a code of Retrofit's own: choose another`))
}

function checkRetry({ source, path, report }: ActionToCheck): void {
  if (!isObject(source.retry)) return
  const { backoff = '200ms', maxBackoff = '5s' } = source.retry
  if (durationMs(String(backoff)) > durationMs(String(maxBackoff)))
    report(
      keyError(
        [...path, 'retry', source.retry.maxBackoff === undefined ? 'backoff' : 'maxBackoff'],
        `maxBackoff (${maxBackoff}) is shorter than backoff (${backoff}): make it at least as long`
      )
    )
}
