/** Artifacts of runs as resources. */
import { ResourceNotFoundError } from '@modelcontextprotocol/server'
import { RetrofitError } from '../../core/errors.ts'
import type { Caller } from '../../core/types.ts'
import { forModels } from '../../surface/for-models.ts'
import type { McpDoor } from './door.ts'

const scheme = 'retrofit://runs/'
const mostRuns = 50

export const artifactUri = (runId: string, name: string): string => `${scheme}${runId}/artifacts/${encodeURIComponent(name)}`

export const outputUri = (runId: string): string => `${scheme}${runId}/output`

export const templates = [
  {
    uriTemplate: `${scheme}{runId}/output`,
    name: 'output',
    title: 'Output of a run',
    description: 'All that an action answered, as JSON, where its result was cut.',
    mimeType: 'application/json'
  },
  {
    uriTemplate: `${scheme}{runId}/artifacts/{name}`,
    name: 'artifact',
    title: 'File of a run',
    description: 'A screenshot, a download or other evidence; the run names its files.'
  }
]

/** Files of the newest runs; older ones are read by the address that their run names. */
export async function listResources({ engine }: McpDoor, caller: Caller) {
  const { runs } = await engine.list(caller, { limit: mostRuns })
  return runs.flatMap(run =>
    run.artifacts.map(({ name, mediaType, bytes }) => ({
      uri: artifactUri(run.id, name),
      name,
      title: `${name} of ${run.action}`,
      mimeType: mediaType,
      size: bytes
    }))
  )
}

export async function readResource({ engine }: McpDoor, caller: Caller, uri: string) {
  const [, ofOutput] = /^retrofit:\/\/runs\/([^/]+)\/output$/.exec(uri) ?? []
  if (ofOutput !== undefined) return await readOutput(engine, caller, { runId: ofOutput, uri })
  const [, runId = '', encoded = ''] = /^retrofit:\/\/runs\/([^/]+)\/artifacts\/([^/]+)$/.exec(uri) ?? []
  const file = await engine.artifact(caller, runId, decoded(encoded)).catch(error => {
    throw error instanceof RetrofitError && error.status === 404 ? new ResourceNotFoundError(uri) : error
  })
  const content = Buffer.from(file.content)
  const about = { uri, mimeType: file.mediaType }
  return /^text\/|json|xml/.test(file.mediaType)
    ? { ...about, text: content.toString('utf8') }
    : { ...about, blob: content.toString('base64') }
}

/** Whole, and marked as every answer for a model is. */
async function readOutput(
  { find, catalog }: McpDoor['engine'],
  caller: Caller,
  { runId, uri }: { readonly runId: string; readonly uri: string }
) {
  const run = await find(caller, runId).catch(error => {
    throw error instanceof RetrofitError && error.status === 404 ? new ResourceNotFoundError(uri) : error
  })
  if (run.output === undefined) throw new ResourceNotFoundError(uri)
  const schema = (await catalog.actionOf(run))?.output ?? { 'x-untrusted': true }
  return { uri, mimeType: 'application/json', text: JSON.stringify(forModels(run.output, schema)) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
