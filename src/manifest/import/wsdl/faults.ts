/** Declared faults → the errors of an action. */
import { errorKinds } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import type { Operation } from './model.ts'
import { cleanText, snakeCase, titleOf, uniqueName } from './names.ts'
import type { QName } from './qname.ts'

export function faultsOf({ faults }: Operation, { qname }: { qname(name: QName): string }): JsonObject {
  const errors: Record<string, Json> = {}
  for (const { name, part, documentation } of faults) {
    const local = part?.element?.local ?? part?.name ?? name
    const code = uniqueName(codeOf(local), new Set(Object.keys(errors)))
    errors[code] = {
      status: 422,
      title: cleanText(documentation, 180) || titleOf(local),
      when: { fault: part?.element === undefined ? local : qname(part.element) }
    }
  }
  return Object.keys(errors).length > 0 ? { errors } : {}
}

const codeOf = (local: string): string => {
  const code = snakeCase(local)
  return Object.hasOwn(errorKinds, code) ? `${code}_fault` : code
}
