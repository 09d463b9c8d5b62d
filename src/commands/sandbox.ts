/** `retrofit sandbox wsdl`: a server that answers any operation of a WSDL with sample data made from its schema. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadAdapters, loadSoapServer } from '../../adapters/index.ts'
import { UsageError } from '../cli.ts'
import type { Action } from '../core/types.ts'
import { escapeText } from '../core/write-xml.ts'
import { childElements, type XmlElement } from '../core/xml-element.ts'
import { sampleValue } from '../manifest/import/sample.ts'
import { ImportFailure } from '../manifest/import/wsdl/failure.ts'
import { importWsdl } from '../manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../manifest/load.ts'
import { importOptions } from './import-options.ts'

type Flags = Readonly<Record<string, unknown>>
const largestRequest = 10 * 1024 * 1024

export async function sandboxWsdl(file: string, flags: Flags): Promise<number> {
  const { server, operations } = await startWsdlSandbox(file, { port: Number(flags.listen ?? 0), flags })
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${operations} operations with sample answers on http://127.0.0.1:${port}/\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  server.closeAllConnections()
  server.close()
  return 0
}

export async function startWsdlSandbox(
  file: string,
  { port, flags }: { port: number; flags: Flags }
): Promise<{ server: Server; operations: number }> {
  const actions = await readActions(file, flags)
  const { served, receive } = await loadSoapServer()
  const byElement = new Map(actions.map(action => [served(action.steps).request, action]))
  const byAction = new Map(actions.map(action => [served(action.steps).soapAction, action]))
  const server = createServer((request, response) => {
    void answer(request, response, { find: (element, soapAction) => byElement.get(element) ?? byAction.get(soapAction), served, receive })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { server, operations: actions.length }
}

async function readActions(file: string, flags: Flags): Promise<readonly Action[]> {
  try {
    const { manifest } = await importWsdl(file, { ...(await importOptions(file, flags)), bot: 'sandbox' })
    const { bot, issues } = await loadManifest(writeManifest(manifest), {
      file,
      adapters: await loadAdapters(),
      env: () => 'http://127.0.0.1:1',
      trusted: true
    })
    if (bot === undefined) throw new UsageError(issues[0]?.message ?? 'The WSDL can not be used.')
    return bot.actions
  } catch (error) {
    throw error instanceof ImportFailure ? new UsageError(error.message) : error
  }
}

interface Answering {
  find(element: string, soapAction: string): Action | undefined
  readonly served: SoapServer['served']
  readonly receive: SoapServer['receive']
}
type SoapServer = Awaited<ReturnType<typeof loadSoapServer>>

async function answer(request: IncomingMessage, response: ServerResponse, { find, served, receive }: Answering): Promise<void> {
  try {
    const received = await receive(await bodyOf(request), request.headers['content-type'] ?? '')
    const { root } = received
    const body = childElements(root).find(({ local }) => local === 'Body')
    const element = body === undefined ? undefined : childElements(body)[0]
    const action = find(element === undefined ? '' : `${element.uri} ${element.local}`, soapActionOf(request))
    if (body === undefined || action === undefined) return fault(response, root, 'There is no such operation here.')
    const { read, write, oneWay } = served(action.steps)
    const [problem] = action.checkInput(read(received))
    if (problem !== undefined) return fault(response, root, `${problem.pointer} ${problem.message}`)
    if (oneWay) return void response.writeHead(202).end()
    const value = sampleValue(action.output, { full: true, branch: 0 })?.value ?? {}
    const answer = write(value)
    response.writeHead(200, answer.headers).end(answer.body)
  } catch (error) {
    fault(response, undefined, `The request can not be read: ${(error as Error).message}`)
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > largestRequest) throw new Error('it is too large')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

function soapActionOf({ headers }: IncomingMessage): string {
  const own = headers.soapaction
  return String(own ?? /action="([^"]*)"/.exec(headers['content-type'] ?? '')?.[1] ?? '').replaceAll('"', '')
}

const envelope11 = 'http://schemas.xmlsoap.org/soap/envelope/'

function fault(response: ServerResponse, root: XmlElement | undefined, message: string): void {
  const uri = root?.local === 'Envelope' ? root.uri : envelope11
  const text = escapeText(message)
  const inside =
    uri === envelope11
      ? `<faultcode>s:Client</faultcode><faultstring>${text}</faultstring>`
      : `<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">${text}</s:Text></s:Reason>`
  const type = uri === envelope11 ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8'
  response
    .writeHead(uri === envelope11 ? 500 : 400, { 'content-type': type })
    .end(`<s:Envelope xmlns:s="${uri}"><s:Body><s:Fault>${inside}</s:Fault></s:Body></s:Envelope>`)
}
