/**
 * Answers in fewer bytes, as the client asks (`Accept-Encoding`). Event streams stay as they are, so that nothing waits in a coder; and so
 * does what mixes secrets with text that somebody else chose, because the length of the whole would tell of the secret (BREACH).
 */
import type { ServerResponse } from 'node:http'
import compression from 'compression'
import type { Express } from 'express'
import { hasMarks } from '../core/marked.ts'
import type { Action } from '../core/types.ts'

const asTheyAre = new WeakSet<ServerResponse>()

/** Nothing compresses this answer on its way out. */
export function sendAsItIs(response: ServerResponse): void {
  asTheyAre.add(response)
}

/** For an answer that shows what an action was given or what it said; undefined: nobody knows which of it is secret. */
export function sendSecretsAsTheyAre(response: ServerResponse, action: Action | undefined): void {
  const said = Object.values(action?.errors ?? {}).flatMap(({ data }) => (data === undefined ? [] : [data.schema]))
  const isSecret = action === undefined || [action.input, action.output, ...said].some(schema => hasMarks(schema, 'x-sensitive'))
  if (isSecret) sendAsItIs(response)
}

export function compressAnswers(app: Express): void {
  app.use(
    compression({
      filter: (request, response) =>
        !asTheyAre.has(response) &&
        !String(response.getHeader('content-type') ?? '').startsWith('text/event-stream') &&
        compression.filter(request, response)
    })
  )
}
