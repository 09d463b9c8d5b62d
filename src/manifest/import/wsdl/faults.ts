/** Declared faults → the errors of an action, with the JSON of their detail. */
import { errorKinds } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { ImportFailure } from './failure.ts'
import { faultSchema } from './messages.ts'
import type { Fault, Operation, Part } from './model.ts'
import { cleanText, snakeCase, titleOf, uniqueName } from './names.ts'
import type { QName } from './qname.ts'
import type { Registry } from './registry.ts'

interface Means {
  qname(name: QName): string
  registryFor(fault: Fault): Registry
}

export function faultsOf({ faults }: Operation, { qname, registryFor }: Means): JsonObject {
  const errors: Record<string, Json> = {}
  for (const fault of faults) {
    const { name, part, documentation } = fault
    const local = part?.element?.local ?? part?.name ?? name
    const code = uniqueName(codeOf(local), new Set(Object.keys(errors)))
    const data = part === undefined ? undefined : schemaOf(registryFor(fault), part)
    errors[code] = {
      status: 422,
      title: cleanText(documentation, 180) || titleOf(local),
      when: { fault: part?.element === undefined ? local : qname(part.element) },
      ...(data === undefined ? {} : { data })
    }
  }
  return Object.keys(errors).length > 0 ? { errors } : {}
}

/** A fault whose schema is not there is a fault all the same. */
function schemaOf(registry: Registry, part: Part): JsonObject | undefined {
  const before = new Set(registry.shared.keys())
  try {
    return faultSchema(registry, part)
  } catch (error) {
    if (!(error instanceof ImportFailure)) throw error
    for (const key of registry.shared.keys()) if (!before.has(key)) registry.shared.delete(key)
    registry.warn(`The detail of the fault ${part.element?.local ?? part.name} is not described: ${error.message}`)
    return undefined
  }
}

const codeOf = (local: string): string => {
  const code = snakeCase(local)
  return Object.hasOwn(errorKinds, code) ? `${code}_fault` : code
}
