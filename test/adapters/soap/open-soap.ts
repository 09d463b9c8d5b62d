/** The adapter and a server that answers as it is told, for one test file. */
import { afterAll, beforeAll } from '@jest/globals'
import { createAdapter } from '../../../adapters/soap/adapter.ts'
import { type RawServer, startRawServer } from './raw-server.ts'

export interface OpenSoap {
  readonly adapter: ReturnType<typeof createAdapter>
  /** Present from the first test on. */
  readonly server: RawServer
}

export function openSoap(): OpenSoap {
  const adapter = createAdapter()
  let server: RawServer | undefined
  beforeAll(async () => {
    server = await startRawServer()
  })
  afterAll(async () => {
    await adapter.close()
    await server?.close()
  })
  return {
    adapter,
    get server() {
      if (server === undefined) throw new Error('the server starts before the first test')
      return server
    }
  }
}
