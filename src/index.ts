/** The adapter author's door. */
export { type ActionSource, type Adapter, type Call, defineAdapter, type ProbeResult } from './core/adapter.ts'
export { durationMs, durationPattern } from './core/duration.ts'
export { BusinessError, type ErrorCode, NothingSent, RetrofitError } from './core/errors.ts'
export { compileTemplate, ExpressionError, isTrue, renderText, type Scope, type Template } from './core/expression.ts'
export { compilePattern } from './core/schema.ts'
export type { Json, JsonObject, JsonSchema, ScreenUse, Target } from './core/types.ts'
export { escapeAttribute, escapeText, writeXmlTree } from './core/write-xml.ts'
export {
  attribute,
  childElements,
  parseXmlTree,
  parseXmlTreeInPieces,
  textContent,
  type XmlElement,
  XmlError
} from './core/xml.ts'
