/** Input → request → answer → response, or the error that says what it means. */
import { BusinessError, inPieces, type Json, RetrofitError, type Steps } from '../../src/index.ts'
import { endedOr, SessionEnded, saysEnded } from './access/session-ended.ts'
import { keepAsArtifact } from './attachments/read-parts.ts'
import { takeParts } from './attachments/take-parts.ts'
import { BadXml } from './bad-xml.ts'
import { type Extras, writeEnvelopeInSteps } from './envelope.ts'
import { attachEvidence, type Exchanged, showExchanged } from './evidence.ts'
import { answerError, endedError, symptomError, unreadableError, untrustedError } from './failures.ts'
import type { Answer } from './http.ts'
import { type Invocation, isCommitted } from './invocation.ts'
import type { OperationPlan } from './plan.ts'
import { readAnswer } from './read-answer.ts'
import { Unreadable } from './read-value.ts'
import { render } from './scope.ts'
import { type Sealed, seal } from './security/seal.ts'
import { Untrusted } from './security/untrusted.ts'
import { type Outgoing, send } from './send.ts'
import { Unwritable } from './write-value.ts'

export interface Invoked {
  readonly response: Json
  /** Attaches the raw answer to the run. */
  keep(): Promise<void>
}

export async function invoke(invocation: Invocation): Promise<Invoked> {
  const { call, operation } = invocation
  // A value that a login gives is no secret yet that could be taken out.
  const show = async (exchanged: Exchanged) => (invocation.role === 'login' ? undefined : showExchanged(call, operation, exchanged))
  let request = await call.step('build', async () => {
    const built = await build(invocation)
    await show({ request: built.envelope, answer: undefined })
    return built
  })
  const again = async () => {
    request = await build(invocation)
    return request
  }
  let answer: Answer | undefined
  try {
    const received = await call.step('send', async () => {
      answer = await send(invocation, request, again)
      await show({ request: undefined, answer })
      return answer
    })
    const response = await call.step('read', () => read(invocation, received, request))
    return { response, keep: () => keepEvidence(call, operation, { request: undefined, answer: received }) }
  } catch (error) {
    const sent = isCommitted(invocation) ? request.envelope : undefined
    const isKept = !(error instanceof BusinessError || error instanceof SessionEnded) && invocation.role !== 'login'
    if (isKept) await keepEvidence(call, operation, { request: sent, answer })
    throw error
  }
}

async function keepEvidence(call: Invocation['call'], operation: OperationPlan, exchanged: Exchanged): Promise<void> {
  if (call.evidence !== 'none') await attachEvidence(call, operation, exchanged)
}

interface Built extends Outgoing {
  readonly sealed: Sealed | undefined
}

async function build(invocation: Invocation): Promise<Built> {
  const { call, operation } = invocation
  const value = operation.body === undefined ? call.input : ((await render(operation.body, invocation)) ?? {})
  try {
    const sealed = operation.seal === undefined ? undefined : await seal(operation.seal, invocation)
    const { envelope, parts } = await inPieces(write(operation, value, sealed?.extras), call.signal)
    return { envelope: sealed?.finish(envelope) ?? envelope, parts, sealed }
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

function* write({ frame, request, attachments }: OperationPlan, value: Json, extras: Extras | undefined): Steps<Outgoing> {
  const { value: left, parts } = attachments.request === undefined ? { value, parts: [] } : yield* takeParts(request, value)
  return { envelope: yield* writeEnvelopeInSteps(frame, request, left, extras), parts }
}

async function read(invocation: Invocation, answer: Answer, { sealed }: Built): Promise<Json> {
  const { call, operation } = invocation
  try {
    const outcome = await readAnswer(operation, answer, {
      limits: call.steps.limits,
      signal: call.signal,
      sealed,
      keep: operation.attachments.artifacts ? keepAsArtifact(call) : undefined
    })
    if ('symptom' in outcome) throw endedOr(invocation, outcome.symptom, symptomError(invocation, outcome.symptom))
    if (await saysEnded(invocation, outcome.response)) throw new SessionEnded(endedError(invocation), true)
    for (const { path, text } of outcome.lost)
      call.partial(path.split('/').slice(1).join('/'), `it holds ${text}, which no JSON number can be`)
    return outcome.response
  } catch (error) {
    if (error instanceof Untrusted) throw untrustedError(invocation, error.message)
    if (error instanceof Unreadable && answer.status < 300) throw unreadableError(invocation, error.message)
    if (error instanceof BadXml || error instanceof Unreadable)
      throw endedOr(invocation, { http: answer.status, fault: undefined }, answerError(invocation, answer, error.message))
    throw error
  }
}
