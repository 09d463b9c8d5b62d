/**
 * Credentials by name: one JSON file for each, `<name>.json` in `SECRETS_DIR`. Its texts are the values; the lists `origins`, `bots` and
 * `tenants` say where they may go and who may use them. Never logged, never kept in the ledger.
 */
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RetrofitError } from '../core/errors.ts'
import { isObject } from '../core/schema-at.ts'
import type { Json, JsonObject } from '../core/types.ts'
import type { CredentialUse } from './credential-use.ts'

export type Credentials = Readonly<Record<string, string>>

export interface Secret {
  readonly values: Credentials
  readonly use: CredentialUse
}

export interface Secrets {
  /** As the file was within the last second. Throws RetrofitError target_failed that says which file to write. */
  get(name: string): Promise<Secret>
}

export function createSecrets(directory: string): Secrets {
  const cache = new Map<string, Known>()
  return {
    get: async name => {
      const now = performance.now()
      const known = cache.get(name)
      if (known !== undefined && now < known.until) return known.secret
      const file = join(directory, `${name}.json`)
      const mtimeMs = modified(file, name)
      const secret = known?.mtimeMs === mtimeMs ? known.secret : parse(await readFile(file, 'utf8'), name)
      cache.set(name, { mtimeMs, secret, until: now + trustedMs })
      return secret
    }
  }
}

interface Known {
  readonly mtimeMs: number
  readonly secret: Secret
  readonly until: number
}

/** A changed file counts from the next look on; looking for each attempt would cost as much as writing the request. */
const trustedMs = 1_000

const unusable = (name: string, what: string): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `The credentials "${name}" ${what}; write ${name}.json in SECRETS_DIR, e.g. {"username": "…", "password": "…", "origins": ["https://…"]}.`,
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

function parse(text: string, name: string): Secret {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unusable(name, 'are not JSON')
  }
  if (!isObject(value as Json)) throw unusable(name, 'are not an object')
  const members = value as JsonObject
  const texts = Object.entries(members).filter(([member]) => !isList(member))
  if (texts.some(([, member]) => typeof member !== 'string')) throw unusable(name, 'are not an object of texts')
  const use = Object.fromEntries(lists.map(list => [list, listOf(members[list], { name, list })]))
  return { values: Object.freeze(Object.fromEntries(texts) as Record<string, string>), use }
}

const lists = ['origins', 'bots', 'tenants'] as const
const isList = (member: string): boolean => lists.some(list => list === member)

function listOf(value: Json | undefined, { name, list }: { readonly name: string; readonly list: (typeof lists)[number] }) {
  if (value === undefined) return undefined
  const texts = Array.isArray(value) ? (value as readonly Json[]).filter(one => typeof one === 'string') : undefined
  if (texts === undefined || texts.length !== (value as readonly Json[]).length)
    throw unusable(name, `have ${list} that are no list of texts`)
  if (list !== 'origins') return texts
  const bad = texts.find(one => !URL.canParse(one) || new URL(one).origin !== one)
  if (bad !== undefined) throw unusable(name, 'have origins that are none; write each as https://host:port')
  return texts
}
