/** Which names the expressions of an action see: what the steps before have extracted, items of loops, the row of a table. */
import type { ActionSource, Json, JsonObject } from '../../src/index.ts'
import type { ColumnSource, FieldSource, StepSource } from './shape.ts'

type Path = readonly (string | number)[]

/** The keys that take expressions, for people. */
export const templates =
  'goto, waitFor.url, value (of fill, select, check, expect, dialog and upload), that, forEach.in, upload.file, limit and until of a table, the texts of locators, result, and found and output of the probe'

/** Properties of what was extracted, and the names among them that are there for sure. */
interface Names {
  readonly properties: JsonObject
  readonly required: readonly string[]
}

interface Spot extends Names {
  /** Conditions of the `if`s around. */
  readonly asked: readonly string[]
}

/** The names that are known before each step, by the path of the step. */
type Spots = Map<string, Spot>

const none: Names = { properties: {}, required: [] }
const key = (path: Path): string => JSON.stringify(path)

interface Listing {
  readonly path: Path
  readonly spots: Spots
  readonly asked: readonly string[]
}

function listSteps(steps: readonly StepSource[], before: Names, { path, spots, asked }: Listing): Names {
  let names = before
  for (const [index, step] of steps.entries()) {
    const at = [...path, index]
    spots.set(key(at), { ...names, asked })
    names = afterStep(step, names, { path: at, spots, asked })
  }
  return names
}

function afterStep(step: StepSource, names: Names, listing: Listing): Names {
  const inner = (steps: unknown, where: Path, more: Partial<Listing> & { readonly before?: Names } = {}): Names =>
    listSteps((steps ?? []) as readonly StepSource[], more.before ?? names, { ...listing, ...more, path: [...listing.path, ...where] })
  if (step.extract !== undefined) return withFields(names, step.extract)
  if (step.download !== undefined) return withNames(names, { [step.download.as.replace(/\W/g, '_')]: file })
  if (step.frame !== undefined) return inner(step.frame.steps, ['frame', 'steps'])
  if (step.click?.popup !== undefined) return inner(step.click.popup, ['click', 'popup'])
  if (step.if !== undefined) {
    const asked = step.if.that === undefined ? listing.asked : [...listing.asked, step.if.that]
    const branches = [inner(step.if.steps, ['if', 'steps'], { asked }), inner(step.if.else, ['if', 'else'], { asked })]
    return eitherOf(branches)
  }
  if (step.forEach !== undefined) {
    const { as = 'item', steps } = step.forEach
    const before = withNames(names, { [as]: {}, index: { type: 'integer' } })
    const after = inner(steps, ['forEach', 'steps'], { before })
    const made = Object.entries(after.properties).filter(([name]) => !Object.hasOwn(before.properties, name))
    // A list that is empty makes none of them.
    return { ...names, properties: { ...names.properties, ...Object.fromEntries(made.map(([name, schema]) => [name, listOf(schema)])) } }
  }
  return names
}

const file: JsonObject = {
  type: 'object',
  properties: { artifact: { type: 'string' }, file: { type: 'string' }, bytes: { type: 'integer' } },
  required: ['artifact', 'file', 'bytes'],
  additionalProperties: false
}

const listOf = (items: Json): JsonObject => ({ type: 'array', items })

const withNames = (names: Names, more: JsonObject): Names => ({
  properties: { ...names.properties, ...more },
  required: [...new Set([...names.required, ...Object.keys(more)])]
})

function withFields(names: Names, fields: Readonly<Record<string, FieldSource>>): Names {
  const entries = Object.entries(fields)
  const properties = { ...names.properties, ...Object.fromEntries(entries.map(([name, field]) => [name, schemaOf(field)])) }
  const sure = entries.filter(([, { optional }]) => optional !== true).map(([name]) => name)
  return { properties, required: [...new Set([...names.required, ...sure])] }
}

const eitherOf = (branches: readonly Names[]): Names => ({
  properties: Object.assign({}, ...branches.map(({ properties }) => properties)) as JsonObject,
  required: (branches[0]?.required ?? []).filter(name => branches.every(({ required }) => required.includes(name)))
})

function schemaOf(field: FieldSource): JsonObject {
  if (field.table !== undefined) return listOf(rowOf(field.columns ?? {}))
  return field.list !== undefined ? listOf(simple) : simple
}

const rowOf = (columns: Readonly<Record<string, ColumnSource>>): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(Object.keys(columns).map(name => [name, simple])),
  required: Object.keys(columns),
  additionalProperties: false
})

/** One value, whichever: it has no members. */
const simple: JsonObject = { type: ['string', 'number', 'boolean', 'null'] }

interface Part {
  readonly spots: Spots
  readonly after: Names
}

function partOf(steps: unknown, path: Path): Part {
  const spots: Spots = new Map()
  return { spots, after: listSteps((steps ?? []) as readonly StepSource[], none, { path, spots, asked: [] }) }
}

/** Tells the loader of each place that takes an expression, and what is there when it is read. */
export function takesIn(source: ActionSource): (path: Path) => void {
  const { action, target } = source
  const probe = action.probe as { readonly steps?: unknown; readonly found?: unknown } | undefined
  const parts: Readonly<Record<string, Part>> = {
    steps: partOf(action.steps, ['steps']),
    probe: partOf(probe?.steps, ['probe', 'steps']),
    target: partOf(target.login, ['target', 'login'])
  }
  return path => {
    const part = parts[String(path[0] === 'result' ? 'steps' : path[0])]
    const isLast = path[0] === 'result' || path[1] === 'found' || path[1] === 'output'
    const spot = isLast ? { ...(part?.after ?? none), asked: path[1] === 'output' ? [String(probe?.found)] : [] } : spotOf(path, part)
    source.takes?.(path, {
      names: spot === undefined ? undefined : seenAt(path, { spot, action, target }),
      // A login belongs to many runs: it sees the input of none.
      input: path[0] === 'target' ? { type: 'object', additionalProperties: false } : undefined,
      later: Object.keys(part?.after.properties ?? {}),
      asked: spot?.asked,
      isOutput: path[0] === 'result' || path[1] === 'output'
    })
  }
}

/** The place of the innermost step; undefined for anything that is looked at any time, as the signs of an error. */
function spotOf(path: Path, part: Part | undefined): Spot | undefined {
  for (let end = path.length; end > 0; end--) {
    const spot = part?.spots.get(key(path.slice(0, end)))
    if (spot !== undefined) return spot
  }
  return undefined
}

interface Sight {
  readonly spot: Names
  readonly action: JsonObject
  readonly target: JsonObject
}

function seenAt(path: Path, { spot: { properties, required }, action, target }: Sight): JsonObject {
  if (path.at(-1) !== 'until') return { properties, required }
  const root: Json = path[0] === 'target' ? { target } : action
  const field = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown> | undefined)?.[step], root)
  return { properties: { ...properties, row: rowOf((field as FieldSource | undefined)?.columns ?? {}) }, required: [...required, 'row'] }
}

/** Without `result`, what was extracted is the output. */
export function checkExtracted({ action, output, issue }: ActionSource): void {
  if (action.result !== undefined) return
  const { properties } = partOf(action.steps, ['steps']).after
  const required = Array.isArray(output.required) ? (output.required as readonly Json[]).map(String) : []
  for (const name of required)
    if (!Object.hasOwn(properties, name))
      issue(['output', 'required', required.indexOf(name)], `no step extracts ${name}, and there is no result: extract it, or write result`)
}
