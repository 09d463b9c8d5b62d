/** A fixture, imported and loaded as the gateway would. */
import { join } from 'node:path'
import { loadAdapters } from '../../adapters/index.ts'
import { writeEnvelope } from '../../adapters/soap/envelope.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { served } from '../../adapters/soap/serve.ts'
import type { Action, Json } from '../../src/core/types.ts'
import { parseXmlTree } from '../../src/core/xml.ts'
import { type ImportOptions, importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../../src/manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../../src/manifest/load.ts'

export const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', `${name}.wsdl`)

export const load = (name: string, options: ImportOptions = {}) => loadFile(fixture(name), options)

export async function loadFile(path: string, options: ImportOptions = {}) {
  const imported = await importWsdl(path, { bot: 'fixture', ...options })
  const text = writeManifest(imported.manifest)
  const { bot, issues } = await loadManifest(text, {
    file: 'bot.yaml',
    name: 'fixture',
    adapters: await loadAdapters({}, ['soap']),
    env: () => undefined,
    trusted: true
  })
  return { imported, text, actions: bot?.actions ?? [], errors: issues.filter(({ severity }) => severity === 'error') }
}

/** What stands in the body. */
export function bodyOf(action: Action, input: Json): string {
  const { operation } = action.steps as Plan
  const whole = writeEnvelope(operation.frame, operation.request, input)
  return /<soapenv:Body>(.*)<\/soapenv:Body>/.exec(whole)?.[1] ?? ''
}

const limits = { characters: 1e6, depth: 50, elements: 1e4, attributes: 50, textCharacters: 1e6 }

/** A body, read as a request. */
export function readBody(action: Action, body: string): Json {
  const scope = 'xmlns:t="urn:fixture" xmlns:ns1="urn:other" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
  const root = parseXmlTree(`<Body ${scope}>${body}</Body>`, { limits })
  return served(action.steps).read({ root, joined: { root, loose: [] }, texts: new Map() })
}
