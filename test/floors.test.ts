import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { expect, test } from '@jest/globals'
import { violations } from './floors/check.ts'
import type { Source } from './floors/facts.ts'

const root = join(import.meta.dirname, '..')

const sourcesIn = (folder: string): Source[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .map(path => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))

test('the house keeps its floors', () => {
  const sources = [...sourcesIn('src'), ...sourcesIn('adapters')]
  expect(sources.length).toBeGreaterThan(50)
  expect(violations(sources)).toEqual([])
})

const long = (lines: number) => 'f()\n'.repeat(lines)
const engine = 'src/engine/submit.ts'
const room = (name: string) => expect.stringContaining(`${name} must not import`)

/** Planted: each must be caught at its line. */
const planted: readonly (readonly [string, string, string, unknown])[] = [
  [
    'a room above',
    'src/core/run.ts',
    "\nimport { x } from '../engine/submit.ts'",
    'src/core/run.ts:2: core must not import engine; it may: nothing'
  ],
  [
    'a type of a room beside',
    engine,
    "import type { X } from '../gateway/http.ts'",
    `${engine}:1: engine must not import gateway; it may: core, governance, telemetry`
  ],
  ['a re-export', 'src/surface/openai.ts', "export * from '../governance/keys.ts'", room('surface')],
  ['an import within a type', 'src/surface/openai.ts', "type X = import('../engine/x.ts').X", room('surface')],
  ['a lazy import', engine, "const x = await import('../drivers/sqlite/store.ts')", room('engine')],
  ['a computed import', engine, 'const x = await import(name)', `${engine}:1: imports a computed name; write the name out`],
  [
    'a library',
    'src/core/schema.ts',
    "import express from 'express'",
    expect.stringContaining('core must not import express; libraries it may: ajv')
  ],
  [
    'a library for its types alone',
    'src/core/adapter.ts',
    "import { z } from 'zod'",
    expect.stringContaining('as `import type` also: zod')
  ],
  ['a side effect', 'src/core/adapter.ts', "import 'pino'", room('core')],
  [
    'I/O on the ground floor',
    'src/core/schema.ts',
    "import { readFileSync } from 'node:fs'",
    expect.stringContaining("of Node's it may: node:crypto")
  ],
  [
    'an adapter that reaches past the door',
    'adapters/echo/adapter.ts',
    "import { x } from '../../src/core/errors.ts'",
    room('adapters/echo')
  ],
  ["another adapter's file", 'adapters/soap/plan.ts', "import { x } from '../playwright/plan.ts'", room('adapters/soap')],
  ["another adapter's library", 'adapters/soap/plan.ts', "import { x } from 'playwright-core'", room('adapters/soap')],
  ['an adapter without a row', 'adapters/fax/adapter.ts', '', expect.stringContaining('stands in no room')],
  ['a room without a row', 'src/utils/x.ts', '', expect.stringContaining('stands in no room')],
  [
    'a driver wired elsewhere',
    'src/commands/keys.ts',
    "import { x } from '../drivers/redis/store.ts'",
    expect.stringContaining('drivers is reached from src/deployment.ts only')
  ],
  ['an adapter wired by name', 'src/system.ts', "import { x } from '../adapters/echo/adapter.ts'", room('wiring')],
  ['a file outside', engine, "import x from '../../package.json' with { type: 'json' }", room('engine')],
  [
    'the environment',
    engine,
    '\n\nconst x = process.env.X',
    `${engine}:3: reads the environment; only src/config.ts may, pass the setting`
  ],
  ['the environment, taken apart', engine, 'const { env } = process', expect.stringContaining('reads the environment')],
  ['the environment, from afar', engine, 'f(globalThis.process.env)', expect.stringContaining('reads the environment')],
  ['the environment, by index', engine, "const x = process['env']", expect.stringContaining('reads the environment')],
  ['any', engine, 'const x = y as any', `${engine}:1: any; use unknown and look`],
  ['a silenced checker', engine, '// @ts-expect-error\nconst x = y', `${engine}:1: silences the type checker; correct the types`],
  ['a long file', engine, long(301), `${engine}:301: 301 lines; 300 at most`],
  ['a long function', engine, `\nfunction f() {\n${long(39)}}`, `${engine}:2: a function of 41 lines; 40 at most`]
]

test.each(planted)('catches %s', (_, path, text, says) => {
  expect(violations([{ path, text }])).toEqual([says])
})

test('catches rooms in a circle, which the table could have let in', () => {
  const circle = [
    { path: 'src/core/a.ts', text: "import '../telemetry/b.ts'" },
    { path: 'src/telemetry/b.ts', text: "import '../core/a.ts'" }
  ]
  expect(violations(circle)).toContain('src/core/a.ts:1: rooms in a circle: core → telemetry → core; none may')
})

const lawful: readonly (readonly [string, string])[] = [
  ['src/core/adapter.ts', "import type { ZodObject } from 'zod'\n// import x from '../engine/x.ts'\nconst s = \"import x from 'express'\""],
  ['src/core/schema.ts', "import { Ajv2020 } from 'ajv/dist/2020.js'\nimport { x } from './types.ts'"],
  ['src/telemetry/x.ts', "import { trace } from '@opentelemetry/api'\nimport { x } from '../core/types.ts'"],
  ['src/config.ts', 'export const read = (env = process.env) => env'],
  ['src/deployment.ts', "const x = await import('./drivers/sqlite/store.ts')"],
  ['adapters/soap/plan.ts', "import { x } from '../../src/index.ts'\nimport { request } from 'undici'"],
  [engine, long(300)],
  [engine, 'const { pid } = process\nconst x = process.memoryUsage()'],
  [engine, `function f() {\n  return { a() {\n${long(30)}}, b() {\n${long(30)}} }\n}`]
]

test.each(lawful)('lets %s do what it may', (path, text) => {
  expect(violations([{ path, text }])).toEqual([])
})
