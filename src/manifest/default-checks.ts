/** `default`s of an input: each fits its own schema, stands where it is used, and ends. */
import { fillDefaults } from '../core/defaults.ts'
import { type Ajv, compileSchema } from '../core/schema.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { keyError, type Path, type Report, valueError } from './issue.ts'

import { isObject, subschemas } from './schema-walk.ts'
import type { SharedSchemas } from './shared-schemas.ts'

interface Defaults {
  /** Where `$ref` leads from. */
  readonly schema: JsonObject
  /** The schema itself, without what it shares with others. */
  readonly own: JsonObject
  readonly path: Path
  readonly ajv: Ajv
  readonly shared: SharedSchemas
  readonly report: Report
}

/** Which branch holds is known only when the value is checked; a default is needed before. */
const branches: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas', 'contains'])
const named: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

/** Whether a step of the path is a keyword, and not the name of a property. */
const isBranch = (path: Path): boolean => path.some((step, index) => branches.has(String(step)) && !named.has(String(path[index - 1])))

export function checkDefaults({ schema, own, path, ajv, shared, report }: Defaults): void {
  for (const part of subschemas(own)) {
    if (!isObject(part.schema) || part.schema.default === undefined) continue
    const at = [...path, ...part.path, 'default']
    const { value, isCut } = fillDefaults({ ...part.schema, $defs: schema.$defs ?? {} }, part.schema.default)
    if (isBranch(part.path))
      report(keyError(at, 'is not applied here, as nobody knows beforehand which branch holds: put it beside anyOf, oneOf or if'))
    else if (isCut) report(valueError(at, 'leads back to itself, or makes too much: take a default inside it away'))
    else for (const message of mistakes(part.schema, value, { schema, ajv, shared })) report(valueError(at, message))
  }
}

function mistakes(part: JsonObject, value: Json, { schema, ajv, shared }: Pick<Defaults, 'schema' | 'ajv' | 'shared'>): readonly string[] {
  try {
    const whole = shared.detach({
      ...part,
      $defs: { ...(isObject(schema.$defs) ? schema.$defs : {}), ...(isObject(part.$defs) ? part.$defs : {}) }
    })
    return compileSchema(
      whole,
      ajv
    )(value).map(
      ({ pointer, message }) => `does not fit its schema: ${pointer === '' ? '' : `${pointer.slice(1).replaceAll('/', '.')} `}${message}`
    )
  } catch {
    // A mistake of the schema itself is told at its own place.
    return []
  }
}
