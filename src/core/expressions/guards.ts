/** JSONata's own functions, each bounded: what would take the memory of the process ends in an error. */
import jsonata from 'jsonata'
import { isDecimal, isExact } from '../decimal.ts'
import { functionNames } from './function-names.ts'

/** Characters of one text: some functions make a list of them. */
const longestText = 2_000_000
/** Characters of a value, all that is in it counted. */
const largest = 8_000_000
const longestPicture = 256
const longestEval = 16_384

interface Definition {
  implementation: (this: unknown, ...args: unknown[]) => unknown
}

/** These take nothing, or are made anew for each evaluation. */
const unbounded: ReadonlySet<string> = new Set(['random', 'now', 'millis'])

const amount = /^-?[0-9]+\.[0-9]{1,2}$/
const jsonataText: Definition['implementation'] = (await jsonata('$string').evaluate(null)).implementation

/** JSONata writes 15 digits: it would round large amounts. */
function textOf(this: unknown, value: unknown, ...more: unknown[]): unknown {
  return typeof value === 'number' && amount.test(String(value)) ? String(value) : jsonataText.call(this, value, ...more)
}
textOf.toString = () => jsonataText.toString()
Object.defineProperty(textOf, 'length', { value: jsonataText.length })

/** Further conditions on the arguments of some functions. */
const rules: Readonly<Record<string, (args: readonly unknown[]) => void>> = {
  number: ([text]) => refuse(typeof text === 'string' && isDecimal(text) && !isExact(text), lostDigits),
  pad: ([, width]) => refuse(Math.abs(Number(width)) > longestText, tooLong),
  eval: ([source]) => refuse(lengthOf(source) > longestEval, `can not read an expression of more than ${longestEval} characters`),
  formatNumber: ([, picture]) => checkPicture(picture),
  formatInteger: ([, picture]) => checkPicture(picture),
  parseInteger: ([, picture]) => checkPicture(picture),
  fromMillis: ([, picture]) => checkPicture(picture),
  toMillis: ([, picture]) => checkPicture(picture)
}

const lostDigits = 'can not make a number of a text with more digits than a number keeps: leave it as text'
const tooLong = `a text has more than ${longestText} characters`

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0)

function refuse(isTooMuch: boolean, message: string): void {
  if (isTooMuch) throw new Error(message)
}

function checkPicture(picture: unknown): void {
  refuse(lengthOf(picture) > longestPicture, `can not read a picture of more than ${longestPicture} characters`)
  const isWide = typeof picture === 'string' && /[,-][0-9]{4}/.test(picture.replace(/\s/g, ''))
  refuse(isWide, 'can not format to a width of more than 999')
}

/** Puts the bounds around every function; once in a thread, for all expressions. */
export async function guardFunctions(): Promise<void> {
  for (const name of functionNames) {
    if (unbounded.has(name)) continue
    const definition: Definition = await jsonata(`$${name}`).evaluate(null)
    const original = name === 'string' ? textOf : definition.implementation
    definition.implementation = guarded(original, rules[name])
  }
}

function guarded(original: Definition['implementation'], rule: (args: readonly unknown[]) => void = () => undefined) {
  function bounded(this: unknown, ...args: unknown[]): unknown {
    for (const arg of args) checkSize(arg)
    rule(args)
    const result = original.apply(this, args)
    return result instanceof Promise ? result.then(sized) : sized(result)
  }
  // JSONata reads how many arguments a function takes, and their names, off the function itself.
  Object.defineProperty(bounded, 'length', { value: original.length })
  bounded.toString = () => original.toString()
  return bounded
}

function sized<T>(value: T): T {
  checkSize(value)
  return value
}

export function checkSize(value: unknown): void {
  if (typeof value === 'string') refuse(value.length > longestText, tooLong)
  else refuse(weigh(value) > largest, `a value has more than ${largest} characters`)
}

/** Values do not change once they are made; each is weighed once. */
const weights = new WeakMap<object, number>()

/** Characters that the value has as text, more or less. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  const known = weights.get(value)
  if (known !== undefined) return known
  const weight = isFunction(value) ? 4 : weighMembers(value)
  weights.set(value, weight)
  return weight
}

function weighMembers(value: object): number {
  let sum = 2
  if (Array.isArray(value)) for (const item of value) sum += weigh(item) + 1
  else for (const name in value) sum += name.length + 4 + weigh((value as Readonly<Record<string, unknown>>)[name])
  return sum
}

/** A function of JSONata holds its whole environment. */
const isFunction = (value: object): boolean => {
  const { implementation, environment } = value as { implementation?: unknown; environment?: { lookup?: unknown } }
  return typeof implementation === 'function' || typeof environment?.lookup === 'function'
}

const textsJoined = 'texts joined by &'

/** `&` makes texts without asking anybody: each one that is met becomes a call of a bounded function. */
export function guardJoining(expression: jsonata.Expression): void {
  expression.assign(textsJoined, function join(this: unknown, left: unknown, right: unknown): string {
    const text = [left, right].map(side => (side === undefined ? '' : textOf.call(this, sized(side)))).join('')
    return sized(text)
  })
  const assign = expression.assign as (name: unknown, value: unknown) => void
  assign(Symbol.for('jsonata.__evaluate_entry'), replaceJoining)
}

interface Node {
  type: string
  readonly value?: unknown
  readonly lhs?: unknown
  readonly rhs?: unknown
  procedure?: object
  arguments?: readonly unknown[]
}

function replaceJoining(node: Node): void {
  if (node.type !== 'binary' || node.value !== '&') return
  node.arguments = [node.lhs, node.rhs]
  node.procedure = { type: 'variable', value: textsJoined }
  node.type = 'function'
}
