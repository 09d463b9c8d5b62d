/** Files over HTTP: from the origin of the WSDL and from hosts that were named, without redirects. */
import { ImportFailure } from './failure.ts'

export interface ReadOptions {
  readonly allowFetch?: boolean | undefined
  /** The folder that imports of a file may be read from; undefined: that of the WSDL. */
  readonly root?: string | undefined
  /** Hosts, with a port where it is not the usual one, from which imports may be fetched beside the WSDL's own. */
  readonly allowHosts?: readonly string[] | undefined
  /** Host → the host that is asked in its place, and may be. */
  readonly mapHosts?: Readonly<Record<string, string>> | undefined
  /** The Authorization header for the origin of the WSDL, which nobody else gets. */
  readonly authorization?: string | undefined
}

export const largestDocument = 16 * 1024 * 1024

export interface Web {
  readonly allowFetch: boolean
  /** The address of the WSDL; '' for a file. */
  readonly main: string
  readonly origin: string | undefined
  readonly hosts: ReadonlySet<string>
  readonly mapHosts: Readonly<Record<string, string>>
  readonly authorization: string | undefined
}

const fetchTimeoutMs = 20_000
const isWeb = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:'

export function webOf(address: string | undefined, { allowFetch, allowHosts = [], mapHosts = {}, authorization }: ReadOptions): Web {
  const named = [...allowHosts, ...Object.keys(mapHosts), ...Object.values(mapHosts)]
  for (const host of named)
    if (!isHost(host))
      throw new ImportFailure('usage', `${host.slice(0, 100)} is not a host: write it as schemas.example or localhost:8080.`)
  if (named.length > 0 && allowFetch !== true)
    throw new ImportFailure('usage', 'Hosts are named, and nothing is fetched: add --allow-fetch.')
  const web = { allowFetch: allowFetch === true, hosts: new Set([...allowHosts, ...Object.values(mapHosts)]), mapHosts }
  if (address === undefined) {
    if (authorization !== undefined) throw new ImportFailure('usage', 'Credentials are for a WSDL that is fetched: this one is a file.')
    return { ...web, main: '', origin: undefined, authorization }
  }
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined) throw new ImportFailure('usage', 'The address of the WSDL is none: write it as https://host/path?wsdl.')
  if (url.username !== '' || url.password !== '')
    throw new ImportFailure('usage', 'A login stands in the address: keep it in SECRETS_DIR and name it with --credentials.')
  if (!web.allowFetch)
    throw new ImportFailure('usage', `${address} is an address: add --allow-fetch to fetch it, or save the file and import that.`)
  if (!isWeb(url)) throw new ImportFailure('refused', `${url.protocol} addresses are not fetched.`)
  const at = mapped(web, url)
  return { ...web, main: at.href, origin: at.origin, authorization }
}

const isHost = (text: string): boolean =>
  URL.canParse(`http://${text}/`) && new URL(`http://${text}/`).host === text.toLowerCase().replace(/:80$/, '')

/** The same path on the host that stands in for this one. */
export function mapped({ mapHosts }: Pick<Web, 'mapHosts'>, url: URL): URL {
  const other = Object.hasOwn(mapHosts, url.host) ? mapHosts[url.host] : undefined
  if (other === undefined || !isWeb(url)) return url
  return new URL(`${url.protocol}//${other}${url.pathname}${url.search}`)
}

export const isAllowed = ({ origin, hosts }: Web, url: URL): boolean => isWeb(url) && (url.origin === origin || hosts.has(url.host))

export async function fetchDocument(web: Web, url: string, neededBy: string): Promise<{ name: string; bytes: Uint8Array }> {
  const needed = neededBy === '' ? '' : `; ${neededBy} needs it`
  const headers = web.authorization !== undefined && new URL(url).origin === web.origin ? { authorization: web.authorization } : {}
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(fetchTimeoutMs) }).catch((error: Error) => {
    const { cause } = error as { cause?: { message?: string } }
    throw new ImportFailure('missing_import', `${url} can not be fetched (${cause?.message || error.message})${needed}.`)
  })
  const { status } = response
  if (status >= 300 && status < 400)
    throw new ImportFailure(
      'missing_import',
      `${url} can not be fetched (it redirects to ${shown(response.headers.get('location'))}, and redirects are not followed: give that address)${needed}.`
    )
  if (status === 401 || status === 403)
    throw new ImportFailure('missing_import', `${url} answers HTTP ${status}${needed}: name credentials for it with --credentials.`)
  if (!response.ok) throw new ImportFailure('missing_import', `${url} answers HTTP ${status}${needed}.`)
  return { name: url, bytes: await boundedBody(response, url) }
}

const shown = (location: string | null): string => (location ?? 'nowhere').replace(/\/\/[^/]*@/, '//').slice(0, 200)

async function boundedBody(response: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > largestDocument) throw new ImportFailure('refused', `${url} is larger than ${largestDocument / 1024 / 1024} MiB.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
