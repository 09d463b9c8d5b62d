/** Which names the expressions of an action see, by the place where they stand. */
import type { ActionSource, JsonObject, Seen } from '../../src/index.ts'

type Path = readonly (string | number)[]

/** The keys that take expressions, for people. */
export const templates =
  'request.body, response.result, headers, errors.<code>.when.response, and request.body, response.result, found and output of the probe'

/** Those that are read after the answer, by the first and the last step of their path. */
const afterAnswer: ReadonlySet<string> = new Set(['response result', 'errors response', 'probe result', 'probe found', 'probe output'])
const outputs: ReadonlySet<string> = new Set(['response result', 'probe output'])

export function takesIn(source: ActionSource, outer: Path): (path: Path) => void {
  return inner => {
    const path = [...outer, ...inner]
    const kind = `${path[0]} ${path.at(-1)}`
    source.takes?.(path, { ...(afterAnswer.has(kind) ? answered(source, kind) : { names: {} }), isOutput: outputs.has(kind) })
  }
}

/** What an answer has beyond its schema is never read. */
function answered({ action, output }: ActionSource, kind: string): Seen {
  const probe = action.probe as { readonly found?: unknown } | undefined
  const isOfProbe = kind.startsWith('probe ')
  const keys = (isOfProbe ? probe : action) as { readonly response?: { readonly schema?: JsonObject } }
  const response = keys.response?.schema ?? (isOfProbe ? undefined : output)
  return {
    names: { properties: { response: response ?? {} }, required: ['response'], $defs: response?.$defs ?? {} },
    sealed: true,
    asked: kind === 'probe output' ? [String(probe?.found)] : undefined
  }
}
