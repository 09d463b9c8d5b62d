/** The core banking sandbox: a SOAP 1.1 service over HTTP that serves its own WSDL at `GET /corebank?wsdl`. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { booksBeside, openJournal } from '../../journal.ts'
import { Effects, type Sandbox, type SandboxOptions } from '../../sandbox.ts'
import { handleAdmin } from '../../sandbox-admin.ts'
import { Bank } from './data.ts'
import { type Books, type Outcome, operations } from './operations.ts'
import { readRequest } from './request.ts'
import { bankNamespace, envelope, faultEnvelope, readBody, SoapFault } from './soap.ts'
import { escapeXml } from './xml.ts'

export interface CorebankOptions extends SandboxOptions {
  /** HTTP Basic. Default `svc_retrofit` / `S3rvice!Bus`; false = no login. */
  readonly login?: { readonly username: string; readonly password: string } | false
}

interface Service extends Books {
  /** What `Authorization` must be; undefined = anything. */
  readonly authorization: string | undefined
  readonly pending: Set<Promise<Outcome>>
}

export const defaultLogin = { username: 'svc_retrofit', password: 'S3rvice!Bus' }
const path = '/corebank'
const wsdlAddress = 'http://localhost/corebank'
const maxBodyBytes = 256 * 1024
const xmlType = 'text/xml; charset=utf-8'
const wsdl = readFileSync(new URL('service.wsdl', import.meta.url), 'utf8')

class Refusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

export async function startCorebank(options: CorebankOptions): Promise<Sandbox> {
  const effects = new Effects(options.ledgerPath, options.faults, options.notify)
  const service: Service = {
    bank: new Bank(openJournal(booksBeside(options.ledgerPath))),
    effects,
    authorization: authorizationOf(options.login),
    pending: new Set()
  }
  const server = createServer((request, response) => void handle(service, request, response))
  // Longer than any client keeps an idle connection, so that the client is the one who closes it.
  server.keepAliveTimeout = 65_000
  const url = await listen(server, options).catch(error => {
    effects.close()
    throw error
  })
  return { url, effects, close: () => close(server, service) }
}

function authorizationOf(login: CorebankOptions['login'] = defaultLogin): string | undefined {
  return login === false ? undefined : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
}

async function listen(server: Server, { port, host = '127.0.0.1' }: CorebankOptions): Promise<string> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}${path}`
}

/** Does not wait for effects that are yet to be applied; the ledger stays open until they are written. */
async function close(server: Server, { pending, effects }: Service): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  const written = Promise.allSettled(pending).then(() => effects.close())
  await (pending.size === 0 ? Promise.all([closed, written]) : closed)
}

async function handle(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (await handleAdmin(request, response, service.effects)) return
    await serve(service, request, response)
  } catch (error) {
    refuse(response, error)
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) response.destroy()
  else if (error instanceof Refusal) response.writeHead(error.status, error.headers).end(`${error.message}\n`)
  else send(response, 500, faultEnvelope(error instanceof SoapFault ? error : new SoapFault('Server', 'Internal error')))
}

async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { delayMs } = service.effects.faults
  const outcome = await answer(service, request).finally(() => (delayMs > 0 ? sleep(delayMs) : undefined))
  if ('xml' in outcome) return send(response, 200, outcome.xml)
  if (outcome.silence === 'drop') request.socket.destroy()
}

async function answer(service: Service, request: IncomingMessage): Promise<Outcome> {
  const [pathname, query] = (request.url ?? '').split('?')
  if (pathname !== path) throw new Refusal(404, `There is nothing here; the service is at ${path}`)
  if (request.method === 'GET' && query?.toLowerCase() === 'wsdl') return { xml: wsdlFor(request) }
  if (request.method !== 'POST') throw new Refusal(405, 'POST a SOAP 1.1 envelope, or GET ?wsdl', { allow: 'POST' })
  checkLogin(service, request)
  return call(service, request.headers.soapaction, await readText(request))
}

/** With the address that the client used: behind `0.0.0.0` or a container's name, ours would not help it. */
function wsdlFor({ headers }: IncomingMessage): string {
  return wsdl.replace(wsdlAddress, () => escapeXml(`http://${headers.host}${path}`))
}

function checkLogin({ authorization }: Service, request: IncomingMessage): void {
  if (authorization === undefined || request.headers.authorization === authorization) return
  throw new Refusal(401, 'Login needed', { 'www-authenticate': 'Basic realm="corebank"' })
}

function readText(request: IncomingMessage): Promise<string> {
  if (!/^text\/xml\b/i.test(request.headers['content-type'] ?? '')) throw new Refusal(415, 'The content type must be text/xml')
  const chunks: Buffer[] = []
  let bytes = 0
  // Not `for await`: leaving it early destroys the socket, and the 413 would never arrive.
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBodyBytes) chunks.push(chunk)
      else reject(new Refusal(413, 'The request is too large', { connection: 'close' }))
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('error', reject)
  })
}

async function call(service: Service, header: string | string[] | undefined, text: string): Promise<Outcome> {
  const request = readBody(text)
  const values = readRequest(request)
  const action = `${bankNamespace}/${request.name}`
  if (String(header ?? '').replace(/^"(.*)"$/, '$1') !== action)
    throw new SoapFault('Client', `The SOAPAction of this request must be "${action}"`)
  const working = Promise.resolve(operations[request.name]?.(values, service) ?? Promise.reject(new Error('no such operation')))
  service.pending.add(working)
  const outcome = await working.finally(() => service.pending.delete(working))
  return 'xml' in outcome ? { xml: envelope(outcome.xml) } : outcome
}

function send(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': xmlType, 'content-length': Buffer.byteLength(xml) }).end(xml)
}
