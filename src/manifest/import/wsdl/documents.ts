/** The WSDL and what it imports, each read once. */
import { parseXmlTree } from '../../../core/xml.ts'
import type { XmlElement } from '../../../core/xml-element.ts'
import { XmlError } from '../../../core/xml-error.ts'
import { ImportFailure } from './failure.ts'
import { createReader } from './reader.ts'
import { largestDocument, type ReadOptions } from './web.ts'

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

const limits = { characters: largestDocument, depth: 100, elements: 500_000, attributes: 100, textCharacters: 1024 * 1024 }
/** All files of one import together. */
const mostDocuments = 500

export async function openDocuments(file: string, options: ReadOptions): Promise<Documents> {
  const known = new Map<string, LoadedDocument>()
  const read = createReader(file, options)
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
