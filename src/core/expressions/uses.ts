/** What an expression reads, found in its syntax tree: paths from its roots, and names that nothing has bound. */

/** One path of names. The first `own` of them are where a part in brackets stands; the author wrote the others. */
export interface Read {
  readonly path: readonly string[]
  readonly own: number
}

export interface Uses {
  readonly reads: readonly Read[]
  /** Names that stand alone in brackets after something of which nobody knows what it is. */
  readonly loose: readonly string[]
  /** `$name`s that the expression does not bind and that are no functions. */
  readonly unbound: readonly string[]
  /** The path without which the whole expression gives nothing. */
  readonly whole?: readonly string[] | undefined
}

/** A node of JSONata's tree, as far as it is read here. */
export interface Node {
  readonly type: string
  readonly value?: unknown
  readonly steps?: readonly Node[]
  readonly stages?: readonly Node[]
  readonly predicate?: readonly Node[]
  readonly group?: { readonly lhs: readonly (readonly Node[])[] }
  readonly focus?: string
  readonly index?: string
  readonly expr?: Node
  readonly expression?: Node
  readonly expressions?: readonly Node[]
  readonly terms?: readonly { readonly expression: Node }[]
  readonly lhs?: Node | readonly (readonly Node[])[]
  readonly rhs?: Node
  readonly arguments?: readonly Node[]
  readonly procedure?: Node
  readonly body?: Node
  readonly condition?: Node
  readonly then?: Node
  readonly else?: Node
  readonly update?: Node
}

/** Where a value stands below the roots; undefined: nobody knows. */
type Place = readonly string[] | undefined
type Bound = ReadonlyMap<string, Place>

interface Walk {
  readonly reads: Read[]
  readonly loose: Set<string>
  readonly unbound: Set<string>
  /** Every name that is bound anywhere in the expression. */
  readonly named: ReadonlySet<string>
  readonly functions: ReadonlySet<string>
}

interface At {
  readonly walk: Walk
  readonly here: Place
  readonly bound: Bound
}

export function usesOf(tree: Node, functions: ReadonlySet<string>): Uses {
  const walk: Walk = { reads: [], loose: new Set(), unbound: new Set(), named: namesBoundIn(tree), functions }
  visit(tree, { walk, here: [], bound: new Map() })
  return { reads: walk.reads, loose: [...walk.loose], unbound: [...walk.unbound], whole: wholeOf(tree) }
}

function namesBoundIn(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found
  const { type, lhs, arguments: args = [], focus, index, value } = node as Node
  if (type === 'bind') found.add(String((lhs as Node).value))
  if (type === 'lambda') for (const each of args) found.add(String(each.value))
  if (type === 'index') found.add(String(value))
  for (const name of [focus, index]) if (typeof name === 'string') found.add(name)
  for (const member of Object.values(node)) namesBoundIn(member, found)
  return found
}

const kinds: Readonly<Record<string, (node: Node, at: At) => Place>> = {
  path: visitPath,
  variable: visitVariable,
  block: visitBlock,
  bind: visitBind,
  function: visitCall,
  partial: visitCall,
  lambda: visitLambda,
  unary: visitUnary,
  transform: ({ update }, at) => (update === undefined ? undefined : visit(update, { ...at, here: undefined }))
}

/** The place of the node's value. Kinds without a rule of their own are looked into, and nobody knows what they give. */
function visit(node: Node, at: At): Place {
  const rule = Object.hasOwn(kinds, node.type) ? kinds[node.type] : undefined
  const place = rule === undefined ? visitInside(node, at) : rule(node, at)
  for (const { expr } of node.predicate ?? []) if (expr !== undefined) visit(expr, { ...at, here: place })
  if (node.type !== 'path' && node.group !== undefined) return visitGroup(node.group, { ...at, here: place })
  return place
}

function visitInside({ lhs, rhs, condition, then, else: otherwise, expression, expr }: Node, at: At): undefined {
  for (const each of [lhs, rhs, condition, then, otherwise, expression, expr]) if (each !== undefined && 'type' in each) visit(each, at)
  return undefined
}

function visitGroup({ lhs }: NonNullable<Node['group']>, at: At): undefined {
  for (const pair of lhs) for (const each of pair) visit(each, at)
  return undefined
}

function visitPath({ steps = [], group }: Node, at: At): Place {
  let { here: place, bound } = at
  let run: { path: readonly string[]; own: number } | undefined
  for (const [index, step] of steps.entries()) {
    const before = place
    if (step.type === 'name') {
      const name = String(step.value)
      if (place === undefined && index === 0) at.walk.loose.add(name)
      if (place !== undefined) {
        run = { path: [...place, name], own: run?.own ?? (index === 0 ? place.length : 0) }
        place = run.path
      }
    } else {
      note(run, at.walk)
      run = undefined
      place = visitStep(step, { ...at, here: place, bound })
    }
    bound = visitStages(step, { ...at, here: place, bound, context: step.focus === undefined ? place : before })
    if (step.focus !== undefined) {
      note(run, at.walk)
      run = undefined
      place = before
    }
  }
  note(run, at.walk)
  return group === undefined ? place : visitGroup(group, { ...at, here: place, bound })
}

function note(run: Read | undefined, { reads }: Walk): void {
  if (run !== undefined) reads.push(run)
}

function visitStep(step: Node, at: At): Place {
  if (step.type !== 'sort') return visit(step, at)
  for (const { expression } of step.terms ?? []) visit(expression, at)
  return at.here
}

/** Conditions in brackets, which see `context`, and the names that `@` and `#` bind for what follows. */
function visitStages({ focus, index, stages = [] }: Node, { context, ...at }: At & { readonly context: Place }): Bound {
  const named = [
    ...(focus === undefined ? [] : [[focus, at.here] as const]),
    ...[index, ...stages.filter(({ type }) => type === 'index').map(({ value }) => String(value))].flatMap(name =>
      name === undefined ? [] : [[name, undefined] as const]
    )
  ]
  const bound = named.length === 0 ? at.bound : new Map([...at.bound, ...named])
  for (const { expr } of stages) if (expr !== undefined) visit(expr, { ...at, here: context, bound })
  return bound
}

function visitVariable({ value }: Node, { walk, here, bound }: At): Place {
  const name = String(value)
  if (name === '') return here
  if (name === '$') return []
  if (!walk.named.has(name) && !walk.functions.has(name)) walk.unbound.add(name)
  return bound.get(name)
}

function visitBlock({ expressions = [] }: Node, at: At): Place {
  const bound = new Map(at.bound)
  let last: Place
  for (const each of expressions) {
    last = visit(each, { ...at, bound })
    if (each.type === 'bind') bound.set(nameBy(each), last)
  }
  return last
}

const nameBy = ({ lhs }: Node): string => String((lhs as Node).value)

function visitBind({ rhs }: Node, at: At): Place {
  return rhs === undefined ? undefined : visit(rhs, at)
}

/** Functions that give items of their first argument, and those that hand such items to the function beside it. */
const keepsItems: ReadonlySet<string> = new Set(['filter', 'sort', 'reverse', 'distinct', 'shuffle'])
const handsItems: ReadonlySet<string> = new Set(['map', 'filter', 'single', 'sort'])

function visitCall({ procedure, arguments: args = [] }: Node, at: At): Place {
  const name = procedure?.type === 'variable' ? String(procedure.value) : ''
  if (procedure !== undefined) visit(procedure, at)
  const places: Place[] = []
  for (const each of args) {
    const isHanded = handsItems.has(name) && each.type === 'lambda'
    const given = name === 'sort' ? [places[0], places[0]] : [places[0]]
    places.push(isHanded ? visitLambda(each, { ...at, given }) : visit(each, at))
  }
  return keepsItems.has(name) ? places[0] : undefined
}

/** Its body sees the context in which the function was written. */
function visitLambda({ arguments: args = [], body }: Node, { given = [], ...at }: At & { readonly given?: readonly Place[] }): undefined {
  const bound = new Map(at.bound)
  for (const [index, each] of args.entries()) bound.set(String(each.value), given[index])
  if (body !== undefined) visit(body, { ...at, bound })
  return undefined
}

function visitUnary({ value, lhs, expression, expressions = [] }: Node, at: At): Place {
  if (value === '{' && Array.isArray(lhs)) return visitGroup({ lhs }, at)
  if (expression !== undefined) visit(expression, at)
  const places = expressions.map(each => visit(each, at))
  return expressions.length === 1 ? places[0] : undefined
}

/** Functions that give nothing when their first argument is nothing. */
const passNothing: ReadonlySet<string> = new Set(
  'string substring substringBefore substringAfter lowercase uppercase length trim pad replace split formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power toMillis fromMillis base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl'.split(
    ' '
  )
)

function wholeOf({ type, steps = [], procedure, arguments: args = [], group, predicate }: Node): readonly string[] | undefined {
  if (predicate !== undefined || group !== undefined) return undefined
  if (type === 'function' && procedure?.type === 'variable' && passNothing.has(String(procedure.value)) && args[0] !== undefined)
    return wholeOf(args[0])
  const isPlain = type === 'path' && steps.every(step => step.type === 'name' && step.stages === undefined && step.focus === undefined)
  return isPlain ? steps.map(({ value }) => String(value)) : undefined
}
