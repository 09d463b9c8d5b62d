/** The thread that evaluates expressions. It has no environment, little memory, and is ended from outside when it takes too long. */
import { workerData } from 'node:worker_threads'
import jsonata from 'jsonata'
import { functionNames } from './function-names.ts'
import { checkSize, guardFunctions, guardJoining } from './guards.ts'
import type { Answer, Question, ReadText, ThreadData } from './protocol.ts'
import { compileRegex, LinearRegex } from './regex.ts'
import { type Node, usesOf } from './uses.ts'
import { lostNumber } from './written-numbers.ts'

const { port, clock } = workerData as ThreadData
const options = { stack: 200, sequence: 100_000, RegexEngine: LinearRegex as unknown as RegExpConstructor }

/** Compiled expressions, the last used at the end. */
const kept = new Map<string, jsonata.Expression>()
const mostKept = 500

function compiled(source: string): jsonata.Expression {
  const expression = kept.get(source) ?? compile(source)
  kept.delete(source)
  kept.set(source, expression)
  const [oldest] = kept.keys()
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
  return expression
}

function compile(source: string): jsonata.Expression {
  const expression = jsonata(source, options)
  guardJoining(expression)
  return expression
}

async function evaluate(source: string, scope: string): Promise<Answer> {
  let expression: jsonata.Expression
  try {
    expression = compiled(source)
  } catch (error) {
    return { failure: mistakeOf(error as jsonata.JsonataError) }
  }
  try {
    const value: unknown = await expression.evaluate(JSON.parse(scope), {})
    checkSize(value)
    return { json: value === undefined || typeof value === 'function' ? undefined : JSON.stringify(value) }
  } catch (error) {
    return { failure: String((error as Error).message).slice(0, 500) }
  }
}

function readText(source: string): ReadText {
  try {
    const tree = jsonata(source).ast()
    checkRegexes(tree)
    const lost = lostNumber(source)
    if (lost !== undefined) return { mistake: `holds ${lost}, which has more digits than a number keeps: write it in quotes` }
    return { uses: usesOf(tree as unknown as Node, functionNames) }
  } catch (error) {
    return { mistake: mistakeOf(error as jsonata.JsonataError) }
  }
}

const mistakeOf = ({ message, position }: jsonata.JsonataError): string =>
  position === undefined ? message.slice(0, 500) : `is not a JSONata expression: ${message.slice(0, 500)} (character ${position})`

/** Every regular expression below a node. */
function checkRegexes(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  if (node instanceof RegExp) {
    try {
      compileRegex(node)
    } catch (error) {
      const why = (error as Error).message.replace(/^error parsing regexp: /, '')
      throw new Error(
        `holds /${node.source}/, which is not RE2, the kind that runs in linear time: ${why}; write it without look-around and back-references`
      )
    }
  } else for (const member of Object.values(node)) checkRegexes(member)
}

function begin(index = 0): void {
  Atomics.store(clock, 1, BigInt(index))
  Atomics.store(clock, 0, process.hrtime.bigint())
}

function readTexts(sources: readonly string[]): Answer {
  const texts = sources.map((source, index) => {
    begin(index)
    return readText(source)
  })
  return { texts }
}

async function answer(question: Question): Promise<void> {
  begin()
  const said = 'sources' in question ? readTexts(question.sources) : await evaluate(question.source, question.scope)
  Atomics.store(clock, 0, 0n)
  port.postMessage(said)
}

await guardFunctions()
// The first evaluation of a thread is slow: it is nobody's.
await evaluate('$string(a.b[c=1]) & $replace("a", /b/, "")', '{"a":{"b":[{"c":1}]}}')
port.on('message', (question: Question) => void answer(question))
