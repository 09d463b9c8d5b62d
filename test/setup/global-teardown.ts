import type { ChildServer } from './services.ts'

declare global {
  /** What the global set-up started; it and the tear-down run in one process. */
  var testServers: readonly ChildServer[] | undefined
}

export default async function globalTeardown(): Promise<void> {
  await Promise.all((globalThis.testServers ?? []).map(server => server.stop()))
}
