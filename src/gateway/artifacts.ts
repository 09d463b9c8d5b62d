import { RetrofitError } from '../core/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { sendAsItIs } from './bytes.ts'
import { callerOf, type Exchange } from './exchange.ts'

/** What a browser may show in place; everything else is a download. */
const inline: ReadonlySet<string> = new Set(['image/png', 'text/plain'])
const safeName = /^[A-Za-z0-9_-][A-Za-z0-9_. -]{0,199}$/

export async function sendArtifact(exchange: Exchange, engine: Engine): Promise<void> {
  const { runId = '', name = '' } = exchange.params
  if (!safeName.test(name) || name.includes('..')) throw new RetrofitError('artifact_not_found', { detail: 'The run has no such artifact' })
  const { content, mediaType } = await engine.artifact(callerOf(exchange), runId, name)
  sendAsItIs(exchange.response)
  const bare = mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
  exchange.response.writeHead(200, {
    'content-type': /^[\w.+-]+\/[\w.+-]+$/.test(bare)
      ? bare === 'text/plain'
        ? 'text/plain; charset=utf-8'
        : bare
      : 'application/octet-stream',
    'content-length': content.byteLength,
    'content-disposition': `${inline.has(bare) ? 'inline' : 'attachment'}; filename="${name}"`,
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-store'
  })
  exchange.response.end(content)
}
