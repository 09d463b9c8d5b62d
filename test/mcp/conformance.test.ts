import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { conformance, type KeyedProxy, startKeyedProxy } from './conformance.ts'
import { conformancePack, renamed } from './conformance-pack.ts'

let gateway: OpenGateway
let proxy: KeyedProxy
beforeAll(async () => {
  gateway = await openGateway({ manifests: conformancePack, settings: { mcpTaskAfterMs: 800 } })
  await renamed(gateway.parts.catalog as FedCatalog)
  proxy = await startKeyedProxy(gateway.url, gateway.adminKey)
})
afterAll(async () => {
  proxy.close()
  await gateway.close()
})

const lines = readFileSync(join(import.meta.dirname, 'expected-failures.yml'), 'utf8')
  .split('\n')
  .flatMap(line => /^ {2}- (\S+)(?: # (.+))?$/.exec(line) ?? [])
const expected = new Map(lines.flatMap((text, i) => (i % 3 === 1 ? [[text, lines[i + 1] ?? '']] : [])) as [string, string][])

test('each expected failure has its reason', () => {
  expect(expected.size).toBeGreaterThan(10)
  expect([...expected].filter(([, reason]) => reason.length < 8)).toEqual([])
})

/** Of these one check fails, and no other may. */
const partly: Readonly<Record<string, readonly string[]>> = {
  'tasks-lifecycle': ['sep-2663-tasks-get-status-failed'],
  'tasks-dispatch-and-envelope': ['tasks-result-type-complete-on-non-task-responses'],
  'tasks-required-task-error': ['sep-2663-server-returns-missing-capability-when-required'],
  caching: ['sep-2549-prompts-list-caching-hints']
}

const failed = new Set<string>()

function expectOnlyThose(results: Awaited<ReturnType<typeof conformance>>): void {
  const failing = [...results].filter(([, failures]) => failures.length > 0)
  for (const [name] of failing) failed.add(name)
  const surprising = failing.filter(
    ([name, failures]) => !expected.has(name) || failures.some(({ id }) => !(partly[name] ?? [id]).includes(id))
  )
  expect(surprising).toEqual([])
}

const tasks = [
  ...['lifecycle', 'capability-negotiation', 'wire-fields', 'request-state-removal', 'mrtr-input', 'request-headers'],
  ...['dispatch-and-envelope', 'status-notifications', 'required-task-error', 'mrtr-composition']
].map(name => `tasks-${name}`)

describe('the conformance suite of the protocol', () => {
  test.each([
    ['2025-06-18', 20],
    ['2025-11-25', 25],
    ['2026-07-28', 30]
  ] as const)('revision %s', async (revision, least) => {
    const results = await conformance(proxy.url, ['--suite', 'all', '--spec-version', revision])
    expect(results.size).toBeGreaterThanOrEqual(least)
    expectOnlyThose(results)
  })

  test('the Tasks extension', async () => {
    const results = await Promise.all(tasks.map(name => conformance(proxy.url, ['--scenario', name])))
    expect(results.flatMap(one => [...one.keys()])).toEqual(tasks)
    expectOnlyThose(new Map(results.flatMap(one => [...one])))
  })

  test('no expected failure passes everywhere', () => {
    expect([...expected.keys()].filter(name => !failed.has(name))).toEqual([])
  })
})
