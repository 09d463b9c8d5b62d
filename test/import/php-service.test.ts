/** A service of another make: PHP's own SOAP server, imported by the command and called through the gateway. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/core/types.ts'
import { adminKey, openSite, type Site } from '../e2e/site.ts'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/until.ts'

async function startPhp(site: Site, file: string): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}/orders`
  const child: ChildProcess = spawn('php', ['-S', new URL(url).host, join(import.meta.dirname, 'php', 'orders.php')], {
    env: { PATH: process.env.PATH, ORDERS_FILE: file },
    stdio: 'ignore'
  })
  site.onClose(() => void child.kill('SIGKILL'))
  while (child.exitCode === null) {
    const answer = await fetch(`${url}?wsdl`).catch(() => undefined)
    if (answer?.ok) return url
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('php ended')
}

describe('PHP', () => {
  let site: Site
  let url: string
  let orders: string
  let importing: string
  const manifestFile = () => join(site.botsDir, 'orders', 'bot.yaml')
  beforeAll(async () => {
    site = openSite({ BREAKER_FAILURES: '1000' })
    orders = join(site.dir, 'orders.jsonl')
    const target = await startPhp(site, orders)
    importing = `import wsdl ${target}?wsdl --allow-fetch --out ${join(site.botsDir, 'orders')}`
    expect(await site.run(importing)).toMatchObject({ code: 0 })
    url = (await site.start('up')).url
  })
  afterAll(() => site.close())

  const call = async (action: string, input: JsonObject) => {
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }
    const answer = await fetch(`${url}/v1/actions/orders_${action}`, { method: 'POST', headers, body: JSON.stringify(input) })
    return { status: answer.status, body: (await answer.json()) as JsonObject }
  }
  const order = { customer: 'Ada', item: [{ sku: 'AB123', count: 2 }], total: 19.9, due: '2026-01-31', gift: true, note: null }
  const lines = () => (existsSync(orders) ? readFileSync(orders, 'utf8').trim().split('\n').filter(Boolean) : [])

  test('what was written is read again, with its types, and one element is a list of one', async () => {
    expect(await call('place_order', { order })).toEqual({ status: 200, body: { number: 1 } })
    expect(await call('find_orders', { customer: 'Ada' })).toEqual({ status: 200, body: { order: [order] } })
    expect(await call('find_orders', { customer: 'Bob' })).toEqual({ status: 200, body: { order: [] } })
  })

  test('a declared fault after the commit point proves nothing by itself', async () => {
    const before = lines().length
    const { status, body } = await call('place_order', { order: { ...order, item: [{ sku: 'AB123', count: 9 }] } })
    expect({ status, body }).toMatchObject({ status: 502, body: { code: 'outcome_unknown', effect: 'unknown' } })
    expect(lines()).toHaveLength(before)
  })

  test('once a person says that it does, it is the error of the action, with its detail as JSON, also after importing again', async () => {
    const edited = readFileSync(manifestFile(), 'utf8').replace(/( +)out_of_stock:\n/, '$&$1  notApplied: true\n')
    writeFileSync(manifestFile(), edited)
    expect(await site.run(importing)).toMatchObject({ code: 0 })
    await until('the changed manifest is picked up', async () => {
      const { status, body } = await call('place_order', { order: { ...order, item: [{ sku: 'AB123', count: 9 }] } })
      if (status === 502) return false
      expect({ status, body }).toMatchObject({
        status: 422,
        body: {
          code: 'out_of_stock',
          retryable: false,
          effect: 'none',
          detail: 'The target answered: a fault',
          targetSaid: 'Only 5 of AB123 are left',
          data: { sku: 'AB123', left: 5 }
        }
      })
      return true
    })
  })

  test('a fault of the client is not tried again; one of the server may be, and its stack stays inside', async () => {
    const client = await call('find_orders', { customer: 'nobody' })
    expect(client).toMatchObject({
      status: 502,
      body: { code: 'target_failed', retryable: false, detail: 'The target answered: a fault', targetSaid: 'No such customer' }
    })
    const server = await call('find_orders', { customer: 'crash' })
    expect(server).toMatchObject({
      status: 502,
      body: { code: 'target_failed', retryable: true, detail: 'The target answered: a fault', targetSaid: 'Query failed' }
    })
    expect(JSON.stringify(server)).not.toContain('/srv/')
  })

  test('an error page is no answer, and is kept with the run', async () => {
    const { status, body } = await call('find_orders', { customer: 'page' })
    expect({ status, body }).toMatchObject({
      status: 502,
      body: { code: 'target_failed', detail: 'The target answered HTTP 500 without a SOAP message.' }
    })
    expect(JSON.stringify(body)).not.toContain('Fatal')
  })

  test('what does not fit the schema never leaves', async () => {
    const { status, body } = await call('place_order', { order: { ...order, item: [{ sku: 'nope', count: 1 }] } })
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'invalid_input', errors: [{ pointer: '/order/item/0/sku' }] } })
  })

  test('a one-way call is done when it was taken', async () => {
    expect(await call('forget_customer', { customer: 'Ada' })).toEqual({ status: 200, body: {} })
    expect(lines()).toEqual([])
  })

  test('the error and its data are in the manifest and in the document', async () => {
    const manifest = parse(readFileSync(manifestFile(), 'utf8')) as { actions: Record<string, JsonObject> }
    expect(manifest.actions.place_order?.errors).toMatchObject({ out_of_stock: { data: { type: 'object', required: ['sku', 'left'] } } })
    const answer = await fetch(`${url}/openapi.json`, { headers: { authorization: `Bearer ${adminKey}` } })
    const document = (await answer.json()) as { components: { schemas: JsonObject } }
    expect(document.components.schemas['orders_place_order.error.out_of_stock']).toMatchObject({
      properties: { left: { type: 'integer' } }
    })
  })
})
