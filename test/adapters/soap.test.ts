import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { startCorebank } from '../../bots/corebank/sandbox/server.ts'
import { noFaults, type Sandbox } from '../../bots/sandbox.ts'
import type { JsonObject } from '../../src/index.ts'
import { compile, corebank, failure, newCall } from './soap/fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'soap-'))
const ledgerPath = join(folder, 'ledger.jsonl')
const adapter = createAdapter()
let sandbox: Sandbox
const plans = Object.fromEntries(Object.keys(corebank.actions).map(name => [name, compile(corebank, name)]))

beforeAll(async () => {
  sandbox = await startCorebank({ port: 0, ledgerPath })
})
afterEach(() => {
  sandbox.effects.faults = { ...noFaults }
})
afterAll(async () => {
  await adapter.close()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

const prepare = (name: string, input: JsonObject, reference?: string) => {
  const plan = plans[name]?.plan
  if (plan === undefined) throw new Error(name)
  return newCall({ plan, url: sandbox.url, input, ...(reference === undefined ? {} : { reference }) })
}
const example = (name: string) => corebank.actions[name]?.example as JsonObject

test('the manifest has no mistakes', () => {
  expect(Object.values(plans).flatMap(({ issues }) => issues)).toEqual([])
})

describe('reads', () => {
  test('get_customer: names, attributes, lists and nesting as the output says', async () => {
    const { call, steps, exchanges, commits } = prepare('get_customer', example('get_customer'))
    expect(await adapter.run(call)).toEqual({
      customer_id: 'C-1001',
      name: { given: 'Maria', family: 'Keller' },
      date_of_birth: '1984-03-12',
      email: 'maria.keller@mail.example',
      addresses: [
        { use: 'HOME', lines: ['Lindenstrasse 14', '3. OG'], city: 'Berlin', postal_code: '10969', country: 'DE' },
        { use: 'POSTAL', lines: ['Postfach 3310'], city: 'Berlin', postal_code: '10117', country: 'DE' }
      ],
      status: 'ACTIVE'
    })
    expect({ steps, exchanges, commits }).toEqual({ steps: ['build', 'send', 'read'], exchanges: ['POST GetCustomer'], commits: 0 })
  })

  test('what is optional and not there is left out, lists are there and empty', async () => {
    const output = (await adapter.run(prepare('get_customer', { customer_id: 'C-1006' }).call)) as JsonObject
    expect(Object.keys(output)).toEqual(['customer_id', 'name', 'date_of_birth', 'status', 'addresses'])
    expect(output.addresses).toEqual([])
  })

  test('list_accounts: decimals are numbers, one element is a list of one, none an empty one', async () => {
    const accounts = [{ number: '4010001003', type: 'LOAN', balance: { amount: -143200.17, currency: 'EUR' }, opened: '2018-02-28' }]
    expect(await adapter.run(prepare('list_accounts', { customer_id: 'C-1001', type: 'LOAN' }).call)).toEqual({ accounts })
    expect(await adapter.run(prepare('list_accounts', { customer_id: 'C-1002', type: 'LOAN' }).call)).toEqual({ accounts: [] })
  })

  test('a declared fault is a business error', async () => {
    for (const action of ['get_customer', 'list_accounts']) {
      const { call, attached } = prepare(action, { customer_id: 'C-9999' })
      expect(await failure(adapter.run(call))).toMatchObject({
        name: 'BusinessError',
        code: 'customer_not_found',
        message: 'The target answered: a fault',
        targetSaid: 'Customer not found'
      })
      expect(attached.size).toBe(0)
    }
  })
})
