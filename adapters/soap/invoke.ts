/** Input → request → answer → response, or the error that says what it means. */
import { BusinessError, type Json, RetrofitError } from '../../src/index.ts'
import { BadXml } from './bad-xml.ts'
import { writeEnvelope } from './envelope.ts'
import { attachEvidence } from './evidence.ts'
import { answerError, symptomError } from './failures.ts'
import type { Answer } from './http.ts'
import { type Invocation, isCommitted } from './invocation.ts'
import { readAnswer } from './read-answer.ts'
import { Unreadable } from './read-value.ts'
import { scopeOf } from './scope.ts'
import { send } from './send.ts'
import { Unwritable } from './write-value.ts'

export async function invoke(invocation: Invocation): Promise<Json> {
  const { call, operation } = invocation
  const envelope = await call.step('build', () => build(invocation))
  let answer: Answer | undefined
  try {
    const received = await call.step('send', () => send(invocation, envelope))
    answer = received
    return await call.step('read', () => read(invocation, received))
  } catch (error) {
    const request = isCommitted(invocation) ? envelope : undefined
    if (!(error instanceof BusinessError)) await attachEvidence(call, operation, { request, answer })
    throw error
  }
}

async function build({ call, operation }: Invocation): Promise<string> {
  const value = operation.body === undefined ? call.input : ((await operation.body(scopeOf(call))) ?? {})
  try {
    return writeEnvelope(operation.frame, operation.request, value)
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error
    throw new RetrofitError('invalid_input', {
      detail: `The request can not be written: ${error.pointer} ${error.message}. Nothing was sent.`,
      hint: 'Correct the value that the detail names and send again.',
      // Where a template made the body, the pointer does not lead into the caller's input.
      errors: operation.body === undefined ? [{ pointer: error.pointer, message: error.message }] : []
    })
  }
}

async function read(invocation: Invocation, answer: Answer): Promise<Json> {
  const { call, operation } = invocation
  try {
    const outcome = await readAnswer(operation, answer, { limits: call.steps.limits, signal: call.signal })
    if ('response' in outcome) return outcome.response
    throw symptomError(invocation, outcome.symptom)
  } catch (error) {
    if (error instanceof BadXml || error instanceof Unreadable) throw answerError(invocation, answer, error.message)
    throw error
  }
}
