/** The adapter author's door. */
export {
  type ActionSource,
  type Adapter,
  type Answered,
  type Call,
  defineAdapter,
  largestArtifactMiB,
  type Notice,
  type ProbeResult,
  type Seen
} from './core/adapter.ts'
export { isConnectionFailure } from './core/connection-failure.ts'
export { connectionWords } from './core/connection-words.ts'
export { placeholdersOf, settleMarks } from './core/credential-marks.ts'
export { isDecimal, isExact, isWholeDouble, plainDecimal } from './core/decimal.ts'
export { declaredPart } from './core/declared-part.ts'
export { durationMs, durationPattern } from './core/duration.ts'
export { BusinessError, type ErrorCode, NothingSent, RetrofitError } from './core/errors.ts'
export {
  asText,
  compileEncoded,
  compileTemplate,
  type Encode,
  ExpressionError,
  isOptional,
  isTrue,
  renderText,
  type Scope,
  type Template
} from './core/expression.ts'
export { createTextFinder } from './core/find-texts.ts'
export { type Holes, splitHoles } from './core/holes.ts'
export { longestTimerMs, timeoutSignal } from './core/long-timer.ts'
export { wordDistance } from './core/nearness.ts'
export type { Onlooker, Shot } from './core/onlooker.ts'
export { own } from './core/own.ts'
export {
  type Destination,
  judgedLookup,
  NotReachable,
  type Reach,
  reachHint,
  whyNotThere,
  whyNotTo
} from './core/reach.ts'
export { isSafeAddress } from './core/safe-address.ts'
export { compilePattern } from './core/schema.ts'
export { atOnce, inPieces, type Steps } from './core/steps.ts'
export type { Json, JsonObject, JsonSchema, ScreenUse, Target } from './core/types.ts'
export { escapeAttribute, escapeText, writeXmlTreeInSteps } from './core/write-xml.ts'
export { parseXmlTree, parseXmlTreeInPieces, parseXmlTreeInSteps } from './core/xml.ts'
export { attribute, childElements, textContent, type XmlElement } from './core/xml-element.ts'
export { XmlError } from './core/xml-error.ts'
export { askFirst } from './http/ask-first.ts'
export { decodeContent, largerThan } from './http/decode-content.ts'
export { exchangeOn, type HttpRequest, NoAnswer, writeRequest } from './http/exchange.ts'
export { type Idle, watchIdle } from './http/idle.ts'
export { headerOf, type WholeAnswer, wholeAnswer } from './http/whole-answer.ts'
