/** The paths of openapi/retrofit.yaml, compiled once: openapi-backend's own router compiles every pattern for each request. */
import { RetrofitError } from '../core/errors.ts'
import type { JsonObject } from '../core/types.ts'

export interface Route {
  readonly operationId: string
  readonly method: string
  /** The template, `/v1/runs/{runId}`. */
  readonly path: string
  /** Scopes that a key needs; undefined: no key needed. */
  readonly scopes: readonly string[] | undefined
  /** Media types of the body; undefined: takes none. */
  readonly accepts: readonly string[] | undefined
  /** Media types of the good answers. */
  readonly produces: readonly string[]
  /** The operation as openapi-backend wants it. */
  readonly operation: object
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

interface Place {
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly routes: Map<string, Route>
}

export interface Operation {
  readonly operationId?: string
  readonly method: string
  readonly path: string
  readonly security?: unknown
  readonly requestBody?: unknown
  readonly responses?: unknown
}

/** Clients of MCP take the address as a person wrote it, and put what is well known before it (RFC 9728, section 3.1). */
const slashAtEnd = /^(\/mcp|\/\.well-known\/oauth-protected-resource(?:\/mcp)?)\/$/

const keysOf = (value: unknown): readonly string[] => Object.keys((value ?? {}) as object)

function routeOf(operation: Operation): Route {
  const security = operation.security as readonly { readonly apiKey?: readonly string[] }[]
  const responses = operation.responses as Record<string, { readonly content?: JsonObject }>
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const body = operation.requestBody as { readonly content: JsonObject } | undefined
  return {
    operationId: operation.operationId ?? '',
    method: operation.method.toUpperCase(),
    path: operation.path,
    scopes: security.length === 0 ? undefined : (security[0]?.apiKey ?? []),
    accepts: body === undefined ? undefined : keysOf(body.content),
    produces: [...new Set(good.flatMap(([, response]) => keysOf(response.content)))],
    operation
  }
}

/** Finds the route of a request; throws not_found, method_not_allowed or (a broken escape) invalid_request. */
export function compileRoutes(operations: readonly Operation[]): (method: string, path: string) => Match {
  const fixed = new Map<string, Map<string, Route>>()
  const templates: Place[] = []
  for (const route of operations.map(routeOf)) add(route, { fixed, templates })
  return (method, path) => {
    const exact = fixed.get(path.replace(slashAtEnd, '$1'))
    const found = routeFor(exact, method)
    if (found !== undefined) return { route: found, params: {} }
    for (const { pattern, names, routes } of templates) {
      const match = pattern.exec(path)
      if (match === null) continue
      const route = routeFor(routes, method)
      if (route === undefined) throw notAllowed([...routes.keys(), ...(exact?.keys() ?? [])])
      return { route, params: Object.fromEntries(names.map((name, i) => [name, decode(match[i + 1] as string)])) }
    }
    if (exact !== undefined) throw notAllowed([...exact.keys()])
    decode(path)
    throw new RetrofitError('not_found', { detail: 'There is nothing at this path' })
  }
}

const routeFor = (routes: Map<string, Route> | undefined, method: string): Route | undefined =>
  routes?.get(method) ?? (method === 'HEAD' ? routes?.get('GET') : undefined)

function add(route: Route, { fixed, templates }: { fixed: Map<string, Map<string, Route>>; templates: Place[] }): void {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(match => match[1] as string)
  const pattern = new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`)
  const known = names.length === 0 ? fixed.get(route.path) : templates.find(place => place.pattern.source === pattern.source)?.routes
  const routes = known ?? new Map<string, Route>()
  routes.set(route.method, route)
  if (known !== undefined) return
  if (names.length === 0) fixed.set(route.path, routes)
  else templates.push({ pattern, names, routes })
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new RetrofitError('invalid_request', { detail: 'The path holds a broken percent escape' })
  }
}

/** Carries what the Allow header says. */
export class NotAllowed extends RetrofitError {
  readonly allow: string
  constructor(methods: readonly string[]) {
    const all = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])]
    super('method_not_allowed', { detail: `Only ${all.join(', ')} are possible here` })
    this.allow = all.join(', ')
  }
}

const notAllowed = (methods: readonly string[]): NotAllowed => new NotAllowed(methods)
