/** A SOAP read through everything, against a bare undici POST and an xml2js parse of the same answer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { parseStringPromise } from 'xml2js'
import { compare, echoInput, inTurns, openCaller, registerBench } from './calls.ts'
import { printTable } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { type Program, startProgram } from './program.ts'

const here = import.meta.dirname
const adminKey = 'bench-admin-key-0123456789'
const envelope =
  '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><cb:GetCustomer xmlns:cb="urn:bank.example:corebank:v1"><cb:customerId>C-1001</cb:customerId></cb:GetCustomer></soap:Body></soap:Envelope>'

export async function benchSoap({ rounds, seconds }: BenchOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const env = {
    PORT: '0',
    DATA_DIR: folder,
    BOTS_DIR: join(here, '../../bots'),
    RETROFIT_ADMIN_KEY: adminKey,
    RATE_LIMIT: '0',
    LOG_LEVEL: 'warn'
  }
  const sandbox = await startProgram([join(here, '../../bots/corebank/sandbox/main.ts')], {
    PORT: '0',
    LEDGER: join(folder, 'corebank.jsonl')
  })
  const secrets = { SECRETS_DIR: join(here, 'secrets') }
  const program = await startProgram([join(here, '../../src/main.ts'), 'up'], { ...env, ...secrets, COREBANK_URL: sandbox.url })
  try {
    return await measure(program, sandbox, { rounds, count: seconds * 250 })
  } finally {
    await program.stop()
    await sandbox.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(program: Program, sandbox: Program, { rounds, count }: { rounds: number; count: number }): Promise<object> {
  await registerBench(program.url, adminKey)
  const caller = openCaller(program.url, adminKey)
  const { origin, pathname } = new URL(sandbox.url)
  const pool = new Pool(origin, { connections: 1 })
  const headers = {
    'content-type': 'text/xml; charset=utf-8',
    soapaction: '"urn:bank.example:corebank:v1/GetCustomer"',
    authorization: `Basic ${Buffer.from('svc_retrofit:S3rvice!Bus').toString('base64')}`
  }
  const bare = async () => {
    const { body } = await pool.request({ path: pathname, method: 'POST', headers, body: envelope })
    await parseStringPromise(await body.text())
  }
  const work = {
    bare,
    call: () => caller.call('corebank_get_customer', { customer_id: 'C-1001' }),
    hop: () => caller.call('bench_echo', echoInput)
  }
  // Until V8 has compiled all three: a server that runs is what is measured.
  await inTurns(2_000, work)
  const result = await compare({ rounds, count }, work)
  await Promise.all([caller.close(), pool.close()])
  printTable(
    `SOAP read, embedded (milliseconds; median of ${rounds} rounds)`,
    ['', 'p50', 'p95'],
    [
      ['bare undici + xml2js', result.bare.p50, result.bare.p95],
      ['hop alone (echo)', result.hop.p50, result.hop.p95],
      ['corebank_get_customer', result.call.p50, result.call.p95],
      ['(call - hop) / bare', result.ratio, result.ratios.join(' to ')]
    ]
  )
  return result
}
