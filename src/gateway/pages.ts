/**
 * Pages of other origins, where the operator lists them: a browser hands an answer to such a page only with these headers (the CORS protocol
 * of the Fetch standard). Keys travel in a header and never in a cookie, so that no page acts with a key that it does not have.
 */
import cors from 'cors'
import type { RequestHandler } from 'express'

interface Pages {
  /** As a browser writes them: `https://app.example`, `http://localhost:5173`. */
  readonly origins: readonly string[]
  /** Headers of answers that a page may read beside those that every page may. */
  readonly exposed: readonly string[]
}

const openToPages = /^\/(?:mcp|v1|tools|openapi\.(?:json|yaml)|\.well-known)(?:\/|$)/
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Seconds for which a browser keeps the answer to its question. */
const maxAge = 600

/** A browser asks before it sends a key; the question itself carries none. A page may send whatever headers its client has. */
export function openTo({ origins, exposed }: Pages): RequestHandler {
  if (origins.length === 0) return (_request, _response, next) => next()
  const answer = cors({ origin: [...origins], methods, exposedHeaders: [...exposed], maxAge })
  return (request, response, next) => {
    const isQuestion = request.headers['access-control-request-method'] !== undefined && isListed(origins, request.headers.origin)
    if (openToPages.test(request.path) && (request.method !== 'OPTIONS' || isQuestion)) answer(request, response, next)
    else next()
  }
}

export const isListed = (origins: readonly string[], origin: string | undefined): boolean =>
  origin !== undefined && origins.includes(origin)
