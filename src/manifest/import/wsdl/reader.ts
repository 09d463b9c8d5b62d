/** Where files come from: the folder of the WSDL, or one above it that was named; the network only when asked, and only named hosts. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { ImportFailure } from './failure.ts'
import { fetchDocument, isAllowed, largestDocument, mapped, type ReadOptions, type Web, webOf } from './web.ts'

/** The file that names another. */
interface From {
  readonly location: string
  readonly name: string
}

export interface Reader {
  readonly main: string
  resolve(from: From, location: string): string
  bytes(location: string, neededBy?: string): Promise<{ name: string; bytes: Uint8Array }>
}

const isUrl = (location: string): boolean => /^[a-z][a-z0-9+.-]+:/i.test(location) && !/^[a-z]:[\\/]/i.test(location)

export function createReader(file: string, options: ReadOptions): Reader {
  const web = webOf(isUrl(file) ? file : undefined, options)
  const folder = isUrl(file) ? undefined : folderOf(file, options.root)
  return {
    main: folder?.main ?? web.main,
    resolve: (from, location) => {
      if (isUrl(location) || isUrl(from.location)) return address(web, from, location)
      return inFolder(folder as Folder, from, location)
    },
    bytes: async (location, neededBy = '') =>
      isUrl(location) ? fetchDocument(web, location, neededBy) : readBytes(folder as Folder, location, neededBy)
  }
}

/** An import that may not be fetched is missing to what needs it; everything else may go on. */
function address(web: Web, from: From, location: string): string {
  const shown = location.slice(0, 300)
  const base = isUrl(from.location) ? from.location : undefined
  const url = URL.canParse(location, base) ? mapped(web, new URL(location, base)) : undefined
  const hint = base === undefined ? ' Or put the file beside it and correct the location.' : ''
  if (!web.allowFetch)
    throw new ImportFailure('missing_import', `${from.name} needs ${shown}: nothing is fetched without --allow-fetch.${hint}`)
  if (url === undefined || !isAllowed(web, url)) {
    const of = web.origin === undefined ? 'no host is allowed' : `only addresses of ${web.origin} are fetched`
    const host = url === undefined || !/^https?:$/.test(url.protocol) ? 'the host' : url.host
    throw new ImportFailure(
      base === undefined ? 'missing_import' : 'refused',
      `${from.name} needs ${shown}: ${of}; add --allow-host ${host}, or --map-host ${host}=<another host>.${hint}`
    )
  }
  return url.href
}

interface Folder {
  readonly main: string
  readonly root: string
  nameOf(path: string): string
}

function folderOf(file: string, wanted: string | undefined): Folder {
  if (!existsSync(file) || !statSync(file).isFile()) throw new ImportFailure('not_found', `${file} is not a file.`)
  const main = realpathSync(file)
  if (wanted !== undefined && !(existsSync(wanted) && statSync(wanted).isDirectory()))
    throw new ImportFailure('usage', `${wanted} is not a folder: --root names the one that imports may be read from.`)
  const root = wanted === undefined ? dirname(main) : realpathSync(wanted)
  if (!isInside(root, main)) throw new ImportFailure('usage', `${file} does not lie in ${wanted}: --root names a folder above the WSDL.`)
  return { main, root, nameOf: path => relative(root, path) || basename(path) }
}

const isInside = (root: string, path: string): boolean => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)

function inFolder({ root }: Folder, from: From, location: string): string {
  const path = resolve(dirname(from.location), decode(location.replaceAll('\\', '/')))
  if (isInside(root, path)) return path
  throw new ImportFailure(
    'refused',
    `${from.name} needs ${location.slice(0, 300)}, which lies above the folder of the WSDL: nothing is read there. Name the folder that holds both with --root.`
  )
}

function readBytes({ root, nameOf }: Folder, path: string, neededBy: string): { name: string; bytes: Uint8Array } {
  if (!existsSync(path) || !statSync(path).isFile())
    throw new ImportFailure('missing_import', `${nameOf(path)} is missing; ${neededBy} needs it.`)
  // A link may lead out of the folder.
  const real = realpathSync(path)
  if (!isInside(root, real)) throw new ImportFailure('refused', `${nameOf(path)} is a link that leads above the folder of the WSDL.`)
  if (statSync(real).size > largestDocument)
    throw new ImportFailure('refused', `${nameOf(path)} is larger than ${largestDocument / 1024 / 1024} MiB.`)
  return { name: nameOf(path), bytes: readFileSync(real) }
}

/** A location may be written as a URI. */
function decode(location: string): string {
  try {
    return decodeURIComponent(location)
  } catch {
    return location
  }
}
