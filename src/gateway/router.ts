/**
 * openapi-backend on openapi/retrofit.yaml: token, parameters and bodies are checked as the document says, then the operation
 * runs. It fails open where a handler is missing, so every one that refuses is registered here.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { type Context, type Document, OpenAPIBackend, type Options } from 'openapi-backend'
import { RetrofitError } from '../core/errors.ts'
import type { Caller, FieldError } from '../core/types.ts'
import type { Exchange } from './exchange.ts'
import { compileRoutes, type Match, type Operation } from './routes.ts'

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default

export type Handle = (exchange: Exchange) => void | Promise<void>

export interface RouterOptions {
  /** The parsed openapi/retrofit.yaml. */
  readonly definition: object
  /** One for each operationId; a missing one refuses to start. */
  readonly operations: Readonly<Record<string, Handle>>
  authenticate(exchange: Exchange): Promise<Caller | undefined>
  /** After the token, before the operation: scopes, rate, body. */
  admit(exchange: Exchange): Promise<void>
}

export interface Router {
  match(method: string, path: string): Match
  serve(exchange: Exchange): Promise<void>
}

export async function createRouter({ definition, operations, authenticate, admit }: RouterOptions): Promise<Router> {
  const api = new OpenAPIBackend({
    definition: structuredClone(definition) as Document,
    quick: true,
    customizeAjv: (_ajv, options) => newParameterAjv(options),
    securityHandlers: { apiKey: (_context, exchange: Exchange) => authenticated(exchange, authenticate) },
    handlers: {
      postSecurityHandler: (context: Context, exchange: Exchange) => admitted(context, exchange, admit),
      unauthorizedHandler: (_context: Context, exchange: Exchange) => refuse(exchange),
      validationFail: (context: Context) => reject(context.validation.errors ?? []),
      notImplemented: (_context: Context, exchange: Exchange) => missing(exchange.route.operationId)
    }
  })
  // It wants to read the document once more, and does nothing with what it read.
  api.loadDocument = async () => api.document
  await api.init()
  // Handed in before, it looks through all operations for each of them.
  for (const [id, handle] of Object.entries(operations)) api.handlers[id] = (_: Context, exchange: Exchange) => handle(exchange)
  const all = api.getOperations()
  for (const { operationId = '' } of all) if (operations[operationId] === undefined) missing(operationId)
  takeOver(api)
  // Compiled at the first request otherwise; the call that everybody makes shall not be the one that waits for it.
  api.validator.getRequestValidatorsForOperation('callAction')
  return {
    match: compileRoutes(all as unknown as readonly Operation[]),
    async serve(exchange) {
      await api.handleRequest(requestOf(exchange), exchange)
    }
  }
}

type Asked = Parameters<OpenAPIBackend['handleRequest']>[0] & { readonly exchange: Exchange }
type Routing = OpenAPIBackend['router']
type AjvCustomizer = NonNullable<Options['customizeAjv']>

const requestOf = (exchange: Exchange): Asked => ({
  method: exchange.method,
  path: exchange.path,
  headers: exchange.headers as Asked['headers'],
  exchange
})

/** The request has been taken apart and its operation found before: the library does not need to do it three times again. */
function takeOver(api: OpenAPIBackend): void {
  api.router.matchOperation = ((request: object) => (request as Asked).exchange.route.operation) as Routing['matchOperation']
  api.router.parseRequest = ((request: object) => {
    const { method, path, params, query, headers, body } = (request as Asked).exchange
    return { method, path, params, query: { ...query }, headers: { ...headers }, cookies: {}, requestBody: body }
  }) as unknown as Routing['parseRequest']
}

/** Parameters are text and are coerced; nothing is compiled after the first request of an operation. */
function newParameterAjv(options: object): ReturnType<AjvCustomizer> {
  // The document is checked when it is written, not at each start.
  const ajv = new Ajv2020({ ...options, strict: false, allErrors: true, validateSchema: false })
  addFormats(ajv)
  return ajv as unknown as ReturnType<AjvCustomizer>
}

/** openapi-backend takes an error of this handler for a bad token; one of ours (the ledger is away) must stay what it is. */
async function authenticated(exchange: Exchange, authenticate: RouterOptions['authenticate']): Promise<boolean> {
  try {
    const caller = await authenticate(exchange)
    if (caller !== undefined) exchange.caller = caller
    return caller !== undefined
  } catch (error) {
    exchange.failure = error
    return false
  }
}

async function admitted(context: Context, exchange: Exchange, admit: RouterOptions['admit']): Promise<void> {
  if (exchange.route.scopes === undefined || context.security.authorized === true) await admit(exchange)
}

function refuse({ failure, headers }: Exchange): never {
  if (failure !== undefined) throw failure
  const detail = headers.authorization === undefined ? 'The Authorization header is missing' : 'The key is unknown, revoked or expired'
  throw new RetrofitError('unauthenticated', { detail })
}

function missing(operationId: string): never {
  throw new Error(`openapi/retrofit.yaml has ${operationId}, which nothing handles`)
}

/** A bad parameter is a bad request; a bad body is an invalid input. */
function reject(failures: readonly ErrorObject[]): never {
  const body = failures.filter(({ instancePath }) => instancePath.startsWith('/requestBody'))
  const errors = (body.length > 0 ? body : failures).slice(0, 10).map(toFieldError)
  const detail = errors.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; ')
  throw new RetrofitError(body.length > 0 ? 'invalid_input' : 'invalid_request', { detail, errors })
}

function toFieldError({ instancePath, keyword, params, message }: ErrorObject): FieldError {
  const place = instancePath.replace(/^\/requestBody/, '')
  if (keyword === 'additionalProperties') return { pointer: `${place}/${params.additionalProperty}`, message: 'is not known here' }
  if (keyword === 'required') return { pointer: `${place}/${params.missingProperty}`, message: 'is required' }
  if (keyword === 'enum') return { pointer: place, message: `must be one of ${params.allowedValues.join(', ')}` }
  return { pointer: place, message: message ?? 'is not valid' }
}
