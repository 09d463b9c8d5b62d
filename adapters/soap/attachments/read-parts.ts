/** A multipart answer → its envelope's bytes and what stands for each part in the JSON. */
import { extname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Call } from '../../../src/index.ts'
import type { Texts } from './join-parts.ts'
import type { Part } from './part.ts'

/** Keeps a part somewhere; the text says where. */
export type Keep = (part: Part, index: number) => Promise<string>

export async function textsOf(parts: readonly Part[], keep: Keep | undefined): Promise<Texts> {
  const texts = new Map<Part, string>()
  for (const [index, part] of parts.entries()) {
    texts.set(part, keep === undefined ? part.content.toString('base64') : await keep(part, index))
    if (part.content.length > largeBytes) await turn()
  }
  return texts
}

const largeBytes = 262_144

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': '.pdf',
  'application/xml': '.xml',
  'application/zip': '.zip',
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/tiff': '.tif',
  'text/csv': '.csv',
  'text/html': '.html',
  'text/plain': '.txt',
  'text/xml': '.xml'
}

/** As artifacts of the run: the JSON holds their address. */
export const keepAsArtifact =
  ({ attach, run }: Pick<Call, 'attach' | 'run'>): Keep =>
  async ({ id, contentType, content }, index) => {
    const [mediaType = ''] = contentType.split(';')
    const known = mediaType.trim().toLowerCase()
    const own = /^\.[a-z0-9]{1,5}$/i.exec(extname(id.split(/[@=]/)[0] ?? ''))?.[0]
    const name = `attachment-${run.attempt}-${index + 1}${extensions[known] ?? own ?? '.bin'}`
    await attach(name, content, /^[\w.+-]+\/[\w.+-]+$/.test(known) ? known : 'application/octet-stream')
    return `/v1/runs/${run.id}/artifacts/${name}`
  }
