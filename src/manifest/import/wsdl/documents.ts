/** Reads the WSDL and what it imports: nothing above its folder, nothing from the network unless asked. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { parseXmlTree } from '../../../core/xml.ts'
import type { XmlElement } from '../../../core/xml-element.ts'
import { XmlError } from '../../../core/xml-error.ts'
import { ImportFailure } from './failure.ts'

export interface LoadedDocument {
  /** A path or an address; the key under which it is known. */
  readonly location: string
  /** As messages show it. */
  readonly name: string
  readonly root: XmlElement
}

export interface Documents {
  readonly main: LoadedDocument
  /** Resolves a location that stands in `from`. Throws ImportFailure. */
  load(from: LoadedDocument, location: string): Promise<LoadedDocument>
}

export interface ReadOptions {
  readonly allowFetch: boolean
  /** For tests. */
  readonly fetch?: typeof fetch
}

const limits = { characters: 16 * 1024 * 1024, depth: 100, elements: 500_000, attributes: 100, textCharacters: 1024 * 1024 }
/** All files of one import together. */
const mostDocuments = 500
const fetchTimeoutMs = 20_000
const isUrl = (location: string): boolean => /^[a-z][a-z0-9+.-]+:/i.test(location) && !/^[a-z]:[\\/]/i.test(location)

export async function openDocuments(file: string, options: ReadOptions): Promise<Documents> {
  const known = new Map<string, LoadedDocument>()
  const read = isUrl(file) ? urlReader(file, options) : folderReader(file, options)
  const get = async (location: string, neededBy?: string): Promise<LoadedDocument> => {
    const found = known.get(location)
    if (found !== undefined) return found
    if (known.size >= mostDocuments) throw new ImportFailure('refused', `More than ${mostDocuments} files are imported.`)
    const { name, bytes } = await read.bytes(location, neededBy)
    const document = { location, name, root: parse(bytes, name) }
    known.set(location, document)
    return document
  }
  const main = await get(read.main)
  return { main, load: async (from, location) => get(read.resolve(from, location), from.name) }
}

interface Reader {
  readonly main: string
  resolve(from: LoadedDocument, location: string): string
  bytes(location: string, neededBy?: string): Promise<{ name: string; bytes: Uint8Array }>
}

function folderReader(file: string, options: ReadOptions): Reader {
  if (!existsSync(file) || !statSync(file).isFile()) throw new ImportFailure('not_found', `${file} is not a file.`)
  const main = realpathSync(file)
  const root = dirname(main)
  const nameOf = (path: string) => relative(root, path) || basename(path)
  return {
    main,
    resolve: (from, location) => {
      if (isUrl(location)) {
        const why = options.allowFetch
          ? 'only addresses of the same origin as the WSDL are fetched'
          : 'nothing is fetched without --allow-fetch'
        throw new ImportFailure(
          'missing_import',
          `${from.name} needs ${location.slice(0, 300)}: ${why}. Put the file beside it and correct the location.`
        )
      }
      const path = resolve(dirname(from.location), decode(location.replaceAll('\\', '/')))
      if (path !== root && !path.startsWith(root + sep))
        throw new ImportFailure(
          'refused',
          `${from.name} needs ${location.slice(0, 300)}, which lies above the folder of the WSDL: nothing is read there.`
        )
      return path
    },
    bytes: async (path, neededBy = '') => {
      if (!existsSync(path) || !statSync(path).isFile())
        throw new ImportFailure('missing_import', `${nameOf(path)} is missing; ${neededBy} needs it.`)
      // A link may lead out of the folder.
      const real = realpathSync(path)
      if (!real.startsWith(root + sep))
        throw new ImportFailure('refused', `${nameOf(path)} is a link that leads above the folder of the WSDL.`)
      if (statSync(real).size > limits.characters) throw new ImportFailure('refused', `${nameOf(path)} is larger than 16 MiB.`)
      return { name: nameOf(path), bytes: readFileSync(real) }
    }
  }
}

/** A location may be written as a URI. */
function decode(location: string): string {
  try {
    return decodeURIComponent(location)
  } catch {
    return location
  }
}

function urlReader(address: string, { allowFetch, fetch: get = fetch }: ReadOptions): Reader {
  if (!allowFetch)
    throw new ImportFailure('usage', `${address} is an address: add --allow-fetch to fetch it, or save the file and import that.`)
  const { origin, protocol, href } = new URL(address)
  if (protocol !== 'http:' && protocol !== 'https:') throw new ImportFailure('refused', `${protocol} addresses are not fetched.`)
  return {
    main: href,
    resolve: (from, location) => {
      const url = URL.canParse(location, from.location) ? new URL(location, from.location) : undefined
      if (url?.origin !== origin)
        throw new ImportFailure('refused', `${from.name} needs ${location.slice(0, 300)}: only addresses of ${origin} are fetched.`)
      return url.href
    },
    bytes: async (url, neededBy = '') => {
      const response = await get(url, { redirect: 'error', signal: AbortSignal.timeout(fetchTimeoutMs) }).catch(error => {
        throw new ImportFailure(
          'missing_import',
          `${url} can not be fetched (${(error as Error).message})${neededBy === '' ? '' : `; ${neededBy} needs it`}.`
        )
      })
      if (!response.ok)
        throw new ImportFailure(
          'missing_import',
          `${url} answers HTTP ${response.status}${neededBy === '' ? '' : `; ${neededBy} needs it`}.`
        )
      return { name: url, bytes: await boundedBody(response, url) }
    }
  }
}

async function boundedBody(response: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > limits.characters) throw new ImportFailure('refused', `${url} is larger than 16 MiB.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function parse(bytes: Uint8Array, name: string): XmlElement {
  try {
    return parseXmlTree(textOf(bytes), { limits, unboundPrefixes: 'keep' })
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new ImportFailure('not_well_formed', `${name}:${error.line}: it is not XML that is read here: ${error.message}.`)
  }
}

/** RFC 7303, section 3: a byte order mark counts most, then the XML declaration. */
function textOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 200)).toString('latin1')
  const marked = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)/.exec(start)?.[1]
  try {
    return new TextDecoder(marked ?? declared ?? 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new XmlError(`its text is not ${marked ?? declared ?? 'UTF-8'}`, '', 0)
  }
}
