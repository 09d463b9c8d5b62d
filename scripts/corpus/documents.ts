/** What is made of a bot must be good for others: plain Ajv compiles every schema, redocly takes the OpenAPI document. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import type { Bot, JsonObject } from '../../src/core/types.ts'
import { openApiDocument } from '../../src/surface/openapi.ts'

const root = join(import.meta.dirname, '..', '..')
const base = parse(readFileSync(join(root, 'openapi', 'retrofit.yaml'), 'utf8')) as JsonObject

export interface Compiled {
  readonly schemas: number
  readonly failures: readonly string[]
}

/** An Ajv of its own, which knows nothing of ours: formats, and keywords of OpenAPI, are left to others. */
export function compileAll({ actions }: Bot): Compiled {
  const failures: string[] = []
  let schemas = 0
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  for (const { name, input, output, errors } of actions) {
    const data = Object.entries(errors).flatMap(([code, { data }]) => (data === undefined ? [] : [[code, data.schema] as const]))
    for (const [part, schema] of [['input', input], ['output', output], ...data] as const) {
      schemas += 1
      try {
        ajv.compile(schema)
      } catch (error) {
        failures.push(`${name} ${part}: ${(error as Error).message.slice(0, 200)}`)
      }
    }
  }
  return { schemas, failures }
}

export function writeDocument(bot: Bot, folder: string, name: string): string {
  const file = join(folder, `${name.replaceAll(/[^\w-]/g, '_')}.json`)
  writeFileSync(file, JSON.stringify(openApiDocument({ base, bots: [bot], allows: () => true, serverUrl: 'http://127.0.0.1:8080' })))
  return file
}

const together = 15

/** The files that redocly does not take, and what it says. */
export function lintAll(files: readonly string[]): readonly string[] {
  const said = (some: readonly string[]): string | undefined => {
    const args = ['redocly', 'lint', '--config', join(root, 'openapi', 'redocly.yaml'), '--format', 'summary', ...some]
    const { status, stdout, stderr } = spawnSync(join(root, 'scripts', 'with-node'), args, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
      maxBuffer: 64 * 1024 * 1024
    })
    return status === 0 ? undefined : `${stdout}${stderr}`
  }
  const bad: string[] = []
  for (let from = 0; from < files.length; from += together) {
    const some = files.slice(from, from + together)
    if (said(some) === undefined) continue
    for (const file of some) {
      const why = said([file])
      if (why !== undefined) bad.push(`${file.split('/').at(-1)}: ${why.replaceAll(/\s+/g, ' ').slice(0, 300)}`)
    }
  }
  return bad
}
