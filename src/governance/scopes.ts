/** `*` holds everything, `accounts:*` everything that begins with `accounts:`. */
const covers = (granted: string, needed: string): boolean =>
  granted === needed || granted === '*' || (granted.endsWith(':*') && needed.startsWith(granted.slice(0, -1)))

/** The needed scopes that are not granted. */
export const missingScopes = (granted: readonly string[], needed: readonly string[]): readonly string[] =>
  needed.filter(scope => !granted.some(one => covers(one, scope)))

/** Every needed scope must be granted. */
export const allows = (granted: readonly string[], needed: readonly string[]): boolean =>
  needed.every(scope => granted.some(one => covers(one, scope)))

/** What a scope may look like: `accounts:read`, `accounts:*`, `*`. */
export const isScope = (text: string): boolean => text === '*' || /^[a-z][a-z0-9_-]*(:[a-z][a-z0-9_-]*)*(:\*)?$/.test(text)

/** Scopes of the contract itself (`runs:read`, `bots:write`, …), over everybody's runs, bots and keys; no action has them. */
const operators: ReadonlySet<string> = new Set(['runs', 'bots', 'keys', 'metrics', 'audit', 'policies', 'targets'])

/** Scopes of the operator, which an API key may hold and a token of an issuer never does: `*` and everything of those names. */
export const isOperatorScope = (scope: string): boolean => scope === '*' || operators.has(scope.split(':', 1)[0] ?? '')
