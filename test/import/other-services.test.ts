/** Services of other makes than PHP's: node-soap's, and spyne's. Imported by the command, called through the gateway. */
import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { adminKey, openSite, type Site } from '../e2e/site.ts'

const services = join(import.meta.dirname, 'services')
/** Debian's own is the one that has Debian's packages. */
const python =
  ['/usr/bin/python3', 'python3'].find(each => spawnSync(each, ['-c', 'import spyne, lxml'], { cwd: '/' }).status === 0) ?? 'python3'
let site: Site
let url: string

async function startService(program: string, file: string): Promise<string> {
  const child = spawn(program, [join(services, file)], { env: { PATH: process.env.PATH }, stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
  site.onClose(() => void child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`${file} ended with code ${code}`)))
    if (child.stdout !== null) createInterface(child.stdout).on('line', line => resolve(/http:\/\/\S+/.exec(line)?.[0] ?? ''))
  })
}

async function importService(bot: string, address: string): Promise<void> {
  const made = await site.run(`import wsdl ${address}?wsdl --allow-fetch --out ${join(site.botsDir, bot)}`)
  expect(made).toMatchObject({ code: 0 })
}

beforeAll(async () => {
  site = openSite({ BREAKER_FAILURES: '1000' })
  await importService('orders', await startService(process.execPath, 'orders.ts'))
  await importService('invoices', await startService(python, 'invoices.py'))
  url = (await site.start('up')).url
})
afterAll(() => site.close())

async function call(action: string, input: JsonObject) {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const answer = await fetch(`${url}/v1/actions/${action}`, { method: 'POST', headers, body: JSON.stringify(input) })
  return { status: answer.status, body: (await answer.json()) as JsonObject }
}

describe('node-soap', () => {
  const order = { customer: 'Ada', item: [{ sku: 'AB123', count: 2 }], total: 19.9, due: '2026-01-31', gift: true }

  test('what was written is read again', async () => {
    expect(await call('orders_place_order', { order })).toEqual({ status: 200, body: { number: 1 } })
    expect(await call('orders_find_orders', { customer: 'Ada' })).toEqual({ status: 200, body: { order: [order] } })
  })

  test.each([
    ['nobody', false, 'No such customer'],
    ['crash', true, 'Query failed']
  ])('a fault: %s', async (customer, retryable, said) => {
    const answer = await call('orders_find_orders', { customer })
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'target_failed', retryable, detail: 'The target answered: a fault', targetSaid: said }
    })
    expect(JSON.stringify(answer)).not.toContain('/srv/')
  })

  test('a declared fault after the commit point is an open outcome', async () => {
    const answer = await call('orders_place_order', { order: { ...order, item: [{ sku: 'AB123', count: 9 }] } })
    expect(answer).toMatchObject({ status: 502, body: { code: 'outcome_unknown', effect: 'unknown' } })
  })

  test('a one-way call, and an input that does not fit', async () => {
    expect(await call('orders_forget_customer', { customer: 'Ada' })).toEqual({ status: 200, body: {} })
    expect(await call('orders_find_orders', { customer: 'Ada' })).toEqual({ status: 200, body: { order: [] } })
    const answer = await call('orders_place_order', { order: { ...order, item: [{ sku: 'nope', count: 1 }] } })
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_input', errors: [{ pointer: '/order/item/0/sku' }] } })
  })
})

describe('spyne', () => {
  const lines = { Line: [{ sku: 'AB1', count: 2, price: 9.95 }] }
  const invoice = { supplier: 'Acme', due: '2026-01-31', currency: 'EUR', lines }

  test('what was written is read again', async () => {
    expect(await call('invoices_post_invoice', { invoice })).toEqual({ status: 200, body: { postInvoiceResult: 1 } })
    expect(await call('invoices_get_invoice', { number: 1 })).toEqual({ status: 200, body: { getInvoiceResult: invoice } })
  })

  test('faults', async () => {
    const missing = await call('invoices_get_invoice', { number: 7 })
    expect(missing).toMatchObject({
      status: 502,
      body: { code: 'target_failed', retryable: false, detail: 'The target answered: a fault', targetSaid: 'No invoice 7' }
    })
    const crashed = await call('invoices_get_invoice', { number: 13 })
    expect(crashed).toMatchObject({
      status: 502,
      body: { retryable: true, detail: 'The target answered: a fault', targetSaid: 'Ledger closed' }
    })
    expect(JSON.stringify(crashed)).not.toContain('/srv/')
    expect(await call('invoices_post_invoice', { invoice: { supplier: 'Acme' } })).toMatchObject({ status: 502 })
  })

  test('what does not fit its schema never leaves', async () => {
    const answer = await call('invoices_post_invoice', { invoice: { ...invoice, currency: 'GBP' } })
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'invalid_input', errors: expect.arrayContaining([expect.objectContaining({ pointer: '/invoice/currency' })]) }
    })
  })
})
