/** A WSDL → a bot manifest with one action for each operation. */
import { own } from '../../../core/own.ts'
import type { ActionEffect, JsonObject } from '../../../core/types.ts'
import type { Scope } from '../../../core/xml-element.ts'
import { findSubstitutes } from './content.ts'
import { chooseDefaults } from './defaults.ts'
import { readDefinitions } from './definitions.ts'
import { describeOperation } from './describe.ts'
import { openDocuments } from './documents.ts'
import { ImportFailure } from './failure.ts'
import { faultsOf } from './faults.ts'
import { guessEffect } from './guess-effect.ts'
import { bodyOf } from './messages.ts'
import type { Operation, Wsdl } from './model.ts'
import { botNameOf, cleanText, snakeCase, titleOf, uniqueName } from './names.ts'
import { policyKeys, policyWarnings } from './policies.ts'
import { createPrefixes } from './prefixes.ts'
import { proposeLogin } from './propose-login.ts'
import { keyOf, type QName } from './qname.ts'
import { readWsdl } from './read-wsdl.ts'
import { findDerived, findShared, type Registry, sharedSchemas } from './registry.ts'
import { reviewsOf } from './reviews.ts'
import { buildSchemaSet, type SchemaSet } from './schema-set.ts'
import { shortBehind, shortInput, withoutOptional } from './shorten.ts'
import { endpointOf, targetOf } from './target.ts'
import { cleaned, count, reachable } from './tidy.ts'
import type { ReadOptions } from './web.ts'

export interface ImportOptions extends ReadOptions {
  readonly bot?: string
  readonly service?: string
  readonly port?: string
  readonly operations?: readonly string[]
  /** The address of the service, in place of the one in the file. */
  readonly url?: string | undefined
  /** Leaves out what needs a missing file. */
  readonly partial?: boolean
  /** Optional parts of the input are left out. */
  readonly onlyRequired?: boolean
  /** An input that only wraps one object is that object. */
  readonly flatten?: boolean
}

export interface ImportedAction {
  readonly operation: string
  readonly action: string
  readonly effect: ActionEffect
  readonly inputProperties: number
  readonly outputProperties: number
  readonly warnings: readonly string[]
}

export interface Imported {
  readonly bot: string
  readonly manifest: JsonObject
  readonly actions: readonly ImportedAction[]
  /** In the order of the actions. */
  readonly operations: readonly Operation[]
  readonly warnings: readonly string[]
  readonly wsdl: Wsdl
  readonly set: SchemaSet
}

export async function importWsdl(file: string, options: ImportOptions = {}): Promise<Imported> {
  const documents = await openDocuments(file, options)
  const definitions = await readDefinitions(documents)
  const wsdl = readWsdl(definitions, options)
  const operations = chosen(wsdl, options)
  if (operations.length === 0) throw noOperations(wsdl, definitions.missing, documents.main.name)
  const set = await buildSchemaSet(documents, definitions.schemas)
  const bot = options.bot ?? botNameOf(wsdl.name || documents.main.name.replace(/\.[a-z.]+$/i, ''))
  if (definitions.missing.length > 0 && options.partial !== true)
    throw new ImportFailure('missing_import', definitions.missing[0] as string)
  const importing = createImporting({ set, wsdl, operations, bot, options, rootScope: documents.main.root.scope })
  const actions = operations.flatMap(operation => importOperation(importing, operation))
  if (actions.length === 0)
    throw new ImportFailure('missing_import', importing.warnings[0] ?? 'Every operation needs a file that is missing.')
  return finish(importing, actions)
}

function chosen({ operations }: Wsdl, { operations: wanted }: ImportOptions): readonly Operation[] {
  if (wanted === undefined) return operations
  const unknown = wanted.filter(name => !operations.some(each => each.name === name))
  if (unknown.length > 0)
    throw new ImportFailure(
      'usage',
      `There is no operation ${unknown[0]}; the file has ${operations
        .map(({ name }) => name)
        .slice(0, 40)
        .join(', ')}.`
    )
  return operations.filter(({ name }) => wanted.includes(name))
}

function noOperations({ warnings }: Wsdl, missing: readonly string[], file: string): ImportFailure {
  if (missing.length > 0) return new ImportFailure('missing_import', missing[0] as string)
  const why = warnings.length > 0 ? ` ${warnings.slice(0, 3).join(' ')}` : ''
  return new ImportFailure('no_operations', `${file} has no operation that can be called over SOAP.${why}`)
}

interface Importing {
  readonly bot: string
  readonly wsdl: Wsdl
  readonly options: ImportOptions
  readonly literal: Registry
  readonly encoded: Registry
  readonly prefixes: ReturnType<typeof createPrefixes>
  readonly elementForm: 'qualified' | 'unqualified'
  readonly target: ReturnType<typeof targetOf>
  readonly taken: Set<string>
  readonly warnings: string[]
  readonly set: SchemaSet
  /** Of the operation that is being imported. */
  notes: string[]
}

interface Start {
  readonly set: SchemaSet
  readonly wsdl: Wsdl
  readonly operations: readonly Operation[]
  readonly bot: string
  readonly options: ImportOptions
  readonly rootScope: Scope
}

function createImporting({ set, wsdl, operations, bot, options, rootScope }: Start): Importing {
  const prefixes = createPrefixes(rootScope)
  const { defaultUri, elementForm } = chooseDefaults(operations, set)
  const warnings = [...wsdl.warnings, ...unneeded(set)]
  const context = {
    set,
    substitutes: findSubstitutes(set),
    warn: (message: string) => void (importing.notes.includes(message) || importing.notes.push(message)),
    lost: (kind: string, name: QName) => lose(importing, kind, name)
  }
  const derived = findDerived(context)
  const mtom = operations.some(operation => operation.mtom)
  const { prefixOf } = prefixes
  const common = { ...context, defaultUri, mtom, prefixOf, shared: new Map(), making: { depth: 0, later: [] }, derived }
  const registry = (encoded: boolean): Registry => ({ ...common, encoded })
  const importing: Importing = {
    bot,
    wsdl,
    options,
    literal: registry(false),
    encoded: registry(true),
    prefixes,
    elementForm,
    target: targetOf(bot, operations, options.url),
    taken: new Set(),
    warnings,
    set,
    notes: []
  }
  return importing
}

/** Imports that were not there and that nothing needed; what is bundled is there. */
function unneeded({ missing, schemas }: SchemaSet): readonly string[] {
  const present = new Set(schemas.map(({ context }) => context.uri))
  return [...missing].flatMap(([uri, message]) => (present.has(uri) ? [] : [`${message} Nothing that was imported needs it.`]))
}

function lose({ set, literal }: Importing, kind: string, name: QName): void {
  const missing = set.missing.get(name.uri)
  if (missing !== undefined) throw new ImportFailure('missing_import', `${missing} The ${kind} ${name.local} is needed from it.`)
  literal.warn(`The ${kind} ${keyOf(name)} is referred to and nowhere defined: anything is taken in its place.`)
}

interface Made {
  readonly operation: Operation
  readonly report: ImportedAction
  readonly source: JsonObject
}

function importOperation(importing: Importing, operation: Operation): readonly Made[] {
  const { literal, options, warnings } = importing
  const before = new Set(literal.shared.keys())
  importing.notes = []
  try {
    return [makeAction(importing, operation)]
  } catch (error) {
    if (!(error instanceof ImportFailure) || error.code !== 'missing_import' || options.partial !== true) throw error
    for (const key of literal.shared.keys()) if (!before.has(key)) literal.shared.delete(key)
    warnings.push(`${operation.name} was left out: ${error.message}`)
    return []
  }
}

function actionName({ bot, taken, wsdl: { operations } }: Importing, { name, portType }: Operation): string {
  const sameName = operations.some(each => each.name === name && each.portType !== portType)
  const plain = snakeCase(name)
  const unique = uniqueName(sameName && taken.has(plain) ? `${snakeCase(portType)}_${plain}` : plain, taken, 63 - bot.length)
  taken.add(unique)
  return unique
}

function makeAction(importing: Importing, operation: Operation): Made {
  const { bot, notes } = importing
  const name = actionName(importing, operation)
  const effect = guessEffect(operation.name)
  const source = sourceOf(importing, operation, effect)
  notes.push(...reviewsOf(operation, effect, source.errors !== undefined))
  const report = {
    operation: operation.name,
    action: `${bot}_${name}`,
    effect,
    inputProperties: count(source.input ?? null),
    outputProperties: count(source.output ?? null),
    warnings: notes.map(note => cleanText(note, 500))
  }
  return { operation, report, source }
}

function sourceOf(importing: Importing, operation: Operation, effect: ActionEffect): JsonObject {
  const { bot, wsdl, prefixes, options, target, literal } = importing
  const request = bodyOf(registryFor(importing, operation, 'input'), operation, operation.input, 'input')
  const { output: sent } = operation
  const answer = sent === undefined ? undefined : bodyOf(registryFor(importing, operation, 'output'), operation, sent, 'output')
  return {
    title: cleanText(titleOf(operation.name), 200),
    description: describeOperation({
      operation,
      input: request.schema,
      output: answer?.schema,
      set: importing.set,
      shared: name => findShared(literal, name),
      left: options.onlyRequired === true ? withoutOptional : schema => schema
    }),
    effect,
    scopes: [`${bot}:${effect === 'read' ? 'read' : 'write'}`],
    ...endpointOf(target, operation),
    ...(request.element === undefined ? { body: 'parts' } : { operation: prefixes.qname(request.element) }),
    ...(operation.soapAction === '' ? {} : { soapAction: operation.soapAction }),
    ...(wsdl.policy.keys.addressing === true && operation.wsaAction !== operation.soapAction ? { wsaAction: operation.wsaAction } : {}),
    ...(operation.input.encoded ? { encoded: true } : operation.style === 'rpc' ? { rpc: true } : {}),
    ...(effect === 'read' ? {} : { commit: true }),
    ...responseKeys(importing, { operation, answer, request: request.element }),
    ...shortInput(request.schema, options, name => own(sharedSchemas(literal), name)),
    output: answer?.schema ?? { type: 'object', additionalProperties: false, properties: {} },
    ...faultsOf(operation, { qname: prefixes.qname, registryFor: ({ encoded }) => (encoded ? importing.encoded : literal) })
  }
}

const registryFor = ({ literal, encoded }: Importing, { input, output }: Operation, side: 'input' | 'output'): Registry =>
  (side === 'input' ? input.encoded : output?.encoded) ? encoded : literal

function responseKeys(
  { prefixes }: Importing,
  { operation, answer, request }: { operation: Operation; answer: ReturnType<typeof bodyOf> | undefined; request: QName | undefined }
): JsonObject {
  if (operation.output === undefined || answer === undefined) return { response: { body: 'none' } }
  if (answer.element === undefined) return { response: { body: 'parts' } }
  const usual = request !== undefined && request.uri === answer.element.uri && `${request.local}Response` === answer.element.local
  return usual ? {} : { response: { element: prefixes.qname(answer.element) } }
}

const withShort = (made: Made, short: (input: JsonObject) => JsonObject): Made => ({
  ...made,
  source: { ...made.source, input: short(made.source.input as JsonObject) }
})

function finish(importing: Importing, whole: readonly Made[]): Imported {
  const { bot, wsdl, target, prefixes, literal, elementForm, set, options } = importing
  const shared = sharedSchemas(literal)
  const behind = shortBehind(shared)
  const made = options.onlyRequired === true ? whole.map(each => withShort(each, behind.short)) : whole
  const schemas = { ...shared, ...behind.added }
  const used = reachable(
    made.map(({ source }) => source),
    schemas
  )
  const actions = made.map(({ report, source }) => [report.action.slice(bot.length + 1), source] as const)
  const manifest: JsonObject = {
    bot,
    version: '1.0.0',
    title: target.title,
    description: cleanText(wsdl.documentation, 3_900) || `${target.title}, imported from its WSDL.`,
    adapter: 'soap',
    ...(target.variable === undefined ? {} : { env: [target.variable] }),
    target: { ...target.keys, ...policyKeys(bot, wsdl), elementForm, namespaces: prefixes.table() },
    ...(used.size > 0 ? { schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))) } : {}),
    actions: Object.fromEntries(actions)
  }
  const clean = cleaned(manifest) as JsonObject
  const login = proposeLogin(clean)
  const proposed = login === undefined ? [] : [`${login.action} looks like a login: bot.yaml proposes target.login.`]
  return {
    bot,
    manifest: clean,
    actions: made.map(({ report }) => report),
    operations: made.map(({ operation }) => operation),
    warnings: [...importing.warnings, ...target.warnings, ...policyWarnings(bot, wsdl), ...proposed],
    wsdl,
    set
  }
}
