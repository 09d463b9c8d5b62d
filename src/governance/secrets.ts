/** Credentials by name: one JSON file of texts for each, `<name>.json` in `SECRETS_DIR`. Never logged, never kept in the ledger. */
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RetrofitError } from '../core/errors.ts'

export type Credentials = Readonly<Record<string, string>>

export interface Secrets {
  /** As the file was within the last second. Throws RetrofitError target_failed that says which file to write. */
  get(name: string): Promise<Credentials>
}

export function createSecrets(directory: string): Secrets {
  const cache = new Map<string, Known>()
  return {
    get: async name => {
      const now = performance.now()
      const known = cache.get(name)
      if (known !== undefined && now < known.until) return known.credentials
      const file = join(directory, `${name}.json`)
      const mtimeMs = modified(file, name)
      const credentials = known?.mtimeMs === mtimeMs ? known.credentials : parse(await readFile(file, 'utf8'), name)
      cache.set(name, { mtimeMs, credentials, until: now + trustedMs })
      return credentials
    }
  }
}

interface Known {
  readonly mtimeMs: number
  readonly credentials: Credentials
  readonly until: number
}

/** A changed file counts from the next look on; looking for each attempt would cost as much as writing the request. */
const trustedMs = 1_000

const unusable = (name: string, what: string): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `The credentials "${name}" ${what}; write ${name}.json in SECRETS_DIR, e.g. {"username": "…", "password": "…"}.`,
    retryable: false,
    hint: 'An operator has to provide the credentials; do not retry.'
  })

/** Not asynchronous: a trip through the thread pool takes a hundred times as long as the look itself. */
function modified(file: string, name: string): number {
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(name)) throw unusable(name, 'have no valid name')
  try {
    return statSync(file).mtimeMs
  } catch {
    throw unusable(name, 'are missing')
  }
}

function parse(text: string, name: string): Credentials {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unusable(name, 'are not JSON')
  }
  const entries = value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : undefined
  if (entries === undefined || entries.some(([, member]) => typeof member !== 'string')) throw unusable(name, 'are not an object of texts')
  return Object.freeze(Object.fromEntries(entries) as Record<string, string>)
}
