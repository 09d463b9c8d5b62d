/** A SOAP read through everything, against a bare undici POST and an xml2js parse of the same answer. */
import { Pool } from 'undici'
import { parseStringPromise } from 'xml2js'
import { besideSandbox, type Contenders } from './beside-sandbox.ts'
import { compare, echoInput, inTurns, openCaller, registerBench } from './calls.ts'
import { printTable } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { adminKey } from './start-ours.ts'

const envelope =
  '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><cb:GetCustomer xmlns:cb="urn:bank.example:corebank:v1"><cb:customerId>C-1001</cb:customerId></cb:GetCustomer></soap:Body></soap:Envelope>'

export const benchSoap = ({ rounds, seconds }: BenchOptions): Promise<object> =>
  besideSandbox('corebank', contenders => measure(contenders, { rounds, count: seconds * 250 }))

async function measure({ program, sandbox }: Contenders, { rounds, count }: { rounds: number; count: number }): Promise<object> {
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
