/** How commands reach a running gateway. */
import { request } from 'undici'
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import { keptSecret } from '../data-folder.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export type Client = (
  method: 'GET' | 'POST',
  path: string,
  options?: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
) => Promise<Answer>

/** Where the gateway is, and the key to use there: as the flags say, else as the settings do. */
export function gatewayOf(flags: Readonly<Record<string, unknown>>): { readonly base: string; readonly key: string } {
  const settings = readSettings()
  const base = typeof flags.url === 'string' ? flags.url.replace(/(?<!\/)\/+$/, '') : `http://${settings.HOST}:${settings.PORT}`
  const key =
    typeof flags.key === 'string' ? flags.key : settings.RETROFIT_ADMIN_KEY || keptSecret(settings.DATA_DIR, { name: 'admin.key' })
  return { base, key }
}

export const notThere = (base: string, cause: Error): UsageError =>
  new UsageError(`${base} does not answer (${cause.message}): is it running? Start it with: npm start`)

export function createClient(flags: Readonly<Record<string, unknown>>): Client {
  const { base, key } = gatewayOf(flags)
  return async (method, path, { body, headers = {} } = {}) => {
    try {
      const answer = await request(base + path, {
        method,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body })
      })
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
    } catch (cause) {
      throw notThere(base, cause as Error)
    }
  }
}
