/** The options that every command on a WSDL takes, as the importer reads them. */
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import { createSecrets } from '../governance/secrets.ts'
import type { ImportOptions } from '../manifest/import/wsdl/import-wsdl.ts'
import { mapped } from '../manifest/import/wsdl/web.ts'

type Flags = Readonly<Record<string, unknown>>

export async function importOptions(source: string, flags: Flags): Promise<ImportOptions> {
  const text = (name: string) => (typeof flags[name] === 'string' ? { [name]: flags[name] } : {})
  const operations = typeof flags.operations === 'string' ? { operations: listOf(flags.operations) } : {}
  const switches = Object.fromEntries(['allowFetch', 'partial', 'flatten', 'onlyRequired'].map(name => [name, flags[name] === true]))
  const mapHosts = Object.fromEntries(listOf(flags.mapHost).map(pairOf))
  return {
    ...text('bot'),
    ...text('service'),
    ...text('port'),
    ...operations,
    ...switches,
    ...text('root'),
    ...text('url'),
    allowHosts: listOf(flags.allowHost),
    mapHosts,
    authorization: typeof flags.credentials === 'string' ? await authorizationFor(originOf(source, mapHosts), flags.credentials) : undefined
  }
}

/** An option that was given once or more often, with commas. */
const listOf = (value: unknown): readonly string[] =>
  [value]
    .flat()
    .flatMap(each => (typeof each === 'string' ? each.split(',') : []))
    .map(each => each.trim())
    .filter(each => each !== '')

function pairOf(text: string): readonly [string, string] {
  const [from = '', to = '', ...others] = text.split('=')
  if (from === '' || to === '' || others.length > 0)
    throw new UsageError(`--map-host ${text}: write it as unreachable.example=localhost:8080`)
  return [from, to]
}

const originOf = (source: string, mapHosts: ImportOptions['mapHosts'] = {}): string | undefined =>
  URL.canParse(source) ? mapped({ mapHosts }, new URL(source)).origin : undefined

/** Its values never stand on a command line, where every process of the machine can read them. */
async function authorizationFor(origin: string | undefined, name: string): Promise<string> {
  const { values, use } = await createSecrets(readSettings().SECRETS_DIR).get(name)
  if (use.origins !== undefined && origin !== undefined && !use.origins.includes(origin))
    throw new UsageError(`The credentials ${name} may not go to ${origin}: its origins do not list it.`)
  const { username, password, token } = values
  if (token !== undefined) return `Bearer ${token}`
  if (username === undefined || password === undefined)
    throw new UsageError(`The credentials ${name} hold neither username and password nor token: the WSDL can not be fetched with them.`)
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
