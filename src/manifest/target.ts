/** `env` and `target`: what is rendered once, when the manifest is loaded. */

import { splitHoles } from '../core/holes.ts'
import { own } from '../core/own.ts'
import { type Reach, whyNotThere } from '../core/reach.ts'
import type { JsonObject } from '../core/types.ts'
import { didYouMean } from './did-you-mean.ts'
import { textsWithExpressions } from './expressions.ts'
import { type Path, type Report, valueError } from './issue.ts'
import { isObject } from './schema-walk.ts'
import { secretName } from './shape.ts'

export type Environment = Readonly<Record<string, string>>

/** The values of the names that the manifest lists; `env` answers null for one that no manifest may read. */
export function readEnvironment(raw: JsonObject, env: (name: string) => string | undefined | null, report: Report): Environment {
  const values: Record<string, string> = {}
  const names: readonly unknown[] = Array.isArray(raw.env) ? raw.env : []
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || secretName.test(name)) continue
    const value = env(name)
    if (value === null || value === undefined || value === '')
      report(valueError(['env', index], value === null ? notAllowed(name) : notSet(name)))
    else values[name] = value
  }
  return values
}

const notSet = (name: string): string =>
  `${name} is not set: set it in the environment of the gateway and every worker, as ${name}=…, or remove it here`
const notAllowed = (name: string): string =>
  `manifests may not read ${name}: call it BOT_${name}, or let the operator add ${name} to the setting MANIFEST_ENV`

const envUse = /(?<![\w.$"'`])env\s*\.\s*["'`]?([A-Za-z_]\w*)/g

/** Every expression must end, and every `{{ env.NAME }}` be listed, whichever adapter reads it. */
export function checkExpressions(raw: JsonObject, report: Report): void {
  const listed = Array.isArray(raw.env) ? raw.env.map(String) : []
  for (const { path, text } of textsWithExpressions(raw)) {
    const { expressions, unclosed } = splitHoles(text)
    if (unclosed !== undefined) report(valueError(path, 'an expression begins with {{ and does not end: close it with }}'))
    const names = expressions.flatMap(inner => [...inner.matchAll(envUse)].map(([, name = '']) => name))
    for (const name of new Set(names)) if (!listed.includes(name)) report(valueError(path, notListed(name, listed)))
  }
}

function notListed(name: string, listed: readonly string[]): string {
  if (secretName.test(name)) return `${name} may hold a secret, which a manifest can not read: use {{ credentials.… }}`
  const meant = didYouMean(name, listed)
  return `${name} is not listed in env; ${meant === undefined ? `add ${name} to env` : `did you mean ${meant}?`}`
}

export interface Addresses {
  readonly url: string
  readonly egress: readonly string[]
  readonly reach?: Reach | undefined
}

interface AddressReading {
  readonly values: Environment
  /** Absent: any address that is not of a metadata service. */
  readonly reach: Reach | undefined
  readonly report: Report
}

/** Undefined when something was reported. */
export function readAddresses(raw: JsonObject, reading: AddressReading): Addresses | undefined {
  const { reach } = reading
  const target = isObject(raw.target) ? raw.target : {}
  const url = readUrl(target.url, { path: ['target', 'url'], ...reading })
  const listed: readonly unknown[] | undefined = Array.isArray(target.egress) ? target.egress : undefined
  const egress = listed?.map((entry, index) => readOrigin(entry, { path: ['target', 'egress', index], ...reading }))
  if (url === undefined || egress?.some(entry => entry === undefined)) return undefined
  return { url: url.text, egress: egress === undefined ? [url.parsed.origin] : (egress as string[]), ...(reach && { reach }) }
}

interface Reading extends AddressReading {
  readonly path: Path
}

function render(text: unknown, { path, values, report }: Reading): string | undefined {
  if (typeof text !== 'string') return undefined
  let known = true
  const { literals, expressions } = splitHoles(text)
  const rendered = expressions.map(inner => {
    const name = /^env\.([A-Za-z_]\w*)$/.exec(inner.trim())?.[1]
    if (name === undefined)
      report(valueError(path, `{{${inner}}} can not stand here: only {{ env.NAME }} can, because it is read when the manifest is loaded`))
    const value = name === undefined ? undefined : own(values, name)
    known &&= value !== undefined
    return value ?? ''
  })
  return known ? literals.map((literal, index) => literal + (rendered[index] ?? '')).join('') : undefined
}

/** Messages show the text of the manifest: a value of the environment may be private. */
function readUrl(text: unknown, reading: Reading): { written: string; text: string; parsed: URL } | undefined {
  const rendered = render(text, reading)
  if (typeof text !== 'string' || rendered === undefined) return undefined
  const written = shown(text)
  const named = (part: string) => (valueNote(text) === '' ? part : `${written}${valueNote(text)}`)
  const refuse = (message: string): undefined => void reading.report(valueError(reading.path, message))
  if (!URL.canParse(rendered))
    return refuse(`${JSON.stringify(written)} is not an absolute URL${valueNote(text)}: write it as https://host:port/path`)
  const parsed = new URL(rendered)
  if (!['http:', 'https:'].includes(parsed.protocol))
    return refuse(`${named(`${parsed.protocol}//`)} can not be reached: write an http:// or https:// address`)
  if (parsed.username !== '' || parsed.password !== '')
    return refuse('a login stands in the URL: put it in the secret store and name it in target.credentials')
  const why = whyNotThere({ origin: parsed.origin, reach: reading.reach })
  if (why !== undefined) return refuse(valueNote(text) === '' ? why : `${written}${valueNote(text)} can not be a target: ${privateNote}`)
  return { written, text: rendered, parsed }
}

const privateNote = 'it is a metadata service, or an address of a private network that the setting TARGET_ORIGINS does not list'

const valueNote = (text: string): string => (splitHoles(text).expressions.length === 0 ? '' : ' with the value that the environment gives')

/** A URL that can not be parsed may still hold a login. */
const shown = (url: string): string => url.replace(/\/\/[^/]*@/, '//…@')

function readOrigin(entry: unknown, reading: Reading): string | undefined {
  const url = readUrl(entry, reading)
  if (url === undefined) return undefined
  if (url.text === url.parsed.origin || url.text === `${url.parsed.origin}/`) return url.parsed.origin
  const remedy = valueNote(url.written) === '' ? `write ${url.parsed.origin}` : 'write scheme, host and port alone, as https://host:port'
  reading.report(valueError(reading.path, `${JSON.stringify(url.written)} is not an origin${valueNote(url.written)}: ${remedy}`))
  return undefined
}
