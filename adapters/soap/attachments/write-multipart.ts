/** An envelope and its parts → one body: MTOM (XOP 1.0) or SOAP with Attachments. */
import { randomUUID } from 'node:crypto'
import type { Part } from './part.ts'
import type { Packaging } from './take-parts.ts'

export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

interface Contents {
  readonly envelope: string
  readonly parts: readonly Part[]
  readonly packaging: Packaging | undefined
  /** The headers of the envelope alone. */
  readonly headers: Readonly<Record<string, string>>
}

export function writeMessage({ envelope, parts, packaging, headers }: Contents): Message {
  if (packaging === undefined || (packaging === 'swa' && parts.length === 0)) return { headers, body: Buffer.from(envelope) }
  const own = headers['content-type'] ?? 'text/xml; charset=utf-8'
  const [media = 'text/xml'] = own.split(';')
  const action = /;\s*(action="[^"]*")/.exec(own)?.[1]
  const boundary = `retrofit-${randomUUID()}`
  const root = `root.${randomUUID()}@retrofit`
  const mtom = packaging === 'mtom'
  const type = [
    'multipart/related',
    `boundary="${boundary}"`,
    `type="${mtom ? 'application/xop+xml' : media}"`,
    `start="<${root}>"`,
    ...(mtom ? [`start-info="${media}"`] : []),
    ...(action === undefined ? [] : [action])
  ]
  const rootType = mtom ? `application/xop+xml; charset=UTF-8; type="${media}"` : `${media}; charset=UTF-8`
  const pieces = [{ id: root, contentType: rootType, content: Buffer.from(envelope) }, ...parts].flatMap(({ id, contentType, content }) => [
    Buffer.from(`--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <${id}>\r\n\r\n`),
    content,
    Buffer.from('\r\n')
  ])
  return { headers: { ...headers, 'content-type': type.join('; ') }, body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) }
}
