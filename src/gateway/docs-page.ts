/** The page at /docs and its files: ours, and Swagger UI's from node_modules. Nothing comes from elsewhere. */

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Express } from 'express'
import { own } from '../core/own.ts'
import { qualityOf } from './accept.ts'
import { type Exchange, sendText } from './exchange.ts'
import { type Representation, representation, sendRepresentation } from './representation.ts'
import type { Handle } from './router.ts'

const ours = fileURLToPath(new URL('docs', import.meta.url))
const swagger = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

const files: Readonly<Record<string, string>> = {
  'docs.css': join(ours, 'docs.css'),
  'docs.js': join(ours, 'docs.js'),
  'swagger-ui.css': join(swagger, 'swagger-ui.css'),
  'swagger-ui-bundle.js': join(swagger, 'swagger-ui-bundle.js')
}

/** Swagger UI sets style attributes and draws its arrows from data URLs. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

export function docsOperation(): Record<'getDocs', Handle> {
  const page = readFileSync(join(ours, 'index.html'), 'utf8')
  return {
    getDocs: ({ response }: Exchange) =>
      sendText(response, 200, page, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'cache-control': 'no-cache'
      })
  }
}

/** The files of the page are no operations of the contract; nor is the root, from which a person is led to the page. */
export function serveDocsFiles(app: Express): void {
  app.get('/', ({ headers }, response, next) => {
    if (qualityOf(headers.accept ?? '', 'text/html') <= qualityOf(headers.accept ?? '', 'application/json')) return next()
    response.writeHead(302, { location: '/docs', vary: 'Accept' }).end()
  })
  const known = new Map<string, Promise<Representation>>()
  app.get('/docs/:file', async (request, response, next) => {
    const path = own(files, request.params.file)
    if (path === undefined) return next()
    const shown = known.get(path) ?? readFile(path).then(representation)
    known.set(path, shown)
    const mediaType = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
    await sendRepresentation({ request, response }, await shown, { 'content-type': mediaType, 'cache-control': 'public, max-age=3600' })
  })
}
