/** Faults → errors: the manifest's rules, compiled. */
import { compilePattern, compileTemplate, ExpressionError, type Json, own, type Template } from '../../src/index.ts'
import type { Fault } from './envelope.ts'
import type { ObjectMapping, VariantsMapping } from './mapping.ts'
import { readObject, Unreadable } from './read-value.ts'
import type { ErrorRule, FaultRule } from './shape.ts'

/** The signs in an answer: a fault, an HTTP status, or both. */
export interface Symptom {
  readonly http: number
  readonly fault: Fault | undefined
}

export type Match = (symptom: Symptom) => boolean

export interface ErrorMatch {
  readonly code: string
  readonly match: Match | undefined
  /** The content of the fault's detail, where the error declares data. */
  readonly data: ((symptom: Symptom) => Json | undefined) | undefined
  /** Over the response of an answer that is no fault. */
  readonly response: Template | undefined
}

export interface RuleContext {
  /** The URI of a prefix; undefined when it is not known. */
  uriOf(prefix: string): string | undefined
  issue(path: readonly (string | number)[], message: string): void
  /** Says that an expression can stand there. */
  takes(path: readonly (string | number)[]): void
}

/** SOAP 1.2 renamed them; manifests may use either. */
const sameCode: Readonly<Record<string, string>> = { Sender: 'Client', Receiver: 'Server' }
const canonical = (code: string): string => own(sameCode, code) ?? code
/** `Client` also stands for `Client.Authentication` (SOAP 1.1, section 4.4.1). */
const isCode = (wanted: string, code: string): boolean => canonical(code) === wanted || canonical(code).startsWith(`${wanted}.`)

export const hasCode = ({ codes }: Fault, wanted: string): boolean => codes.some(code => isCode(wanted, code))

type Rules = { readonly [key in keyof FaultRule]-?: (value: NonNullable<FaultRule[key]>, context: RuleContext) => Match }

const rules: Rules = {
  http: status => symptom => symptom.http === status,
  faultcode: code => {
    const wanted = canonical(code.slice(code.indexOf(':') + 1))
    return ({ fault }) => fault !== undefined && hasCode(fault, wanted)
  },
  text:
    text =>
    ({ fault }) =>
      fault?.text.includes(text) === true,
  except:
    text =>
    ({ fault }) =>
      fault?.text.includes(text) !== true,
  matches: (pattern, context) => {
    const test = compileRegExp(pattern, context)
    return ({ fault }) => fault !== undefined && test(fault.text.slice(0, longestText))
  },
  fault: (name, context) => {
    const [local = '', prefix] = name.split(':').reverse()
    const uri = prefix === undefined ? undefined : context.uriOf(prefix)
    if (prefix !== undefined && uri === undefined) context.issue(['fault'], `the prefix ${prefix} is not in target.namespaces`)
    return ({ fault }) => fault?.details.some(detail => detail.local === local && (uri === undefined || detail.uri === uri)) === true
  }
}

/** The part of a fault string that a regular expression sees. */
const longestText = 2_000

function compileRegExp(pattern: string, context: RuleContext): (text: string) => boolean {
  try {
    const compiled = compilePattern(pattern)
    return text => compiled.test(text)
  } catch (error) {
    context.issue(['matches'], `is not a regular expression: ${(error as Error).message}`)
    return () => false
  }
}

/** All conditions of the rule. */
export function compileRule(rule: FaultRule, context: RuleContext): Match {
  const matches = (Object.keys(rules) as (keyof FaultRule)[]).flatMap(key => {
    const value = rule[key]
    return value === undefined ? [] : [(rules[key] as (value: unknown, context: RuleContext) => Match)(value, context)]
  })
  return symptom => matches.every(match => match(symptom))
}

type DataMapping = ObjectMapping | VariantsMapping

export function compileErrorMatch(
  code: string,
  { when: { response, ...rule }, data }: { readonly when: ErrorRule; readonly data: DataMapping | undefined },
  context: RuleContext
): ErrorMatch {
  const conditions = Object.values(rule).some(value => value !== undefined)
  if (conditions && response !== undefined) context.issue(['response'], 'stands alone: a response is no fault')
  return {
    code,
    match: conditions ? compileRule(rule, context) : undefined,
    data: data === undefined ? undefined : ({ fault }) => readDetail(data, fault, rule.fault),
    response: response === undefined ? undefined : compileExpression(response, ['response'], context)
  }
}

/** The element that the rule names, or the only one. An error without its data is still that error. */
function readDetail(mapping: DataMapping, fault: Fault | undefined, name: string | undefined): Json | undefined {
  const local = name?.split(':').at(-1)
  const element = fault?.details.find(each => local === undefined || each.local === local)
  if (element === undefined) return undefined
  try {
    return readObject(mapping, element, element.local)
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

export function compileExpression(source: Parameters<typeof compileTemplate>[0], path: readonly string[], context: RuleContext): Template {
  context.takes(path)
  try {
    return compileTemplate(source, path)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    context.issue(path, error.message)
    return async () => undefined
  }
}
