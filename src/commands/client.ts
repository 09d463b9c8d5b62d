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

export function createClient(flags: Readonly<Record<string, unknown>>): Client {
  const settings = readSettings()
  const base = typeof flags.url === 'string' ? flags.url.replace(/\/+$/, '') : `http://${settings.HOST}:${settings.PORT}`
  const key =
    typeof flags.key === 'string' ? flags.key : settings.RETROFIT_ADMIN_KEY || keptSecret(settings.DATA_DIR, { name: 'admin.key' })
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
      throw new UsageError(`${base} does not answer (${(cause as Error).message}): is it running? Start it with: npm start`)
    }
  }
}
