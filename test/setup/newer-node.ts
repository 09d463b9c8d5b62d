import { readFileSync } from 'node:fs'

/** The Node that set-up installs, which all tests were run with. */
export const triedNode = readFileSync(new URL('../../scripts/node-version', import.meta.url), 'utf8').trim()

/** What a person should know before they wonder about a red test; undefined where the running Node was tried or is older. */
export function newerNode(running = process.versions.node, tried = triedNode): string | undefined {
  const order = running.localeCompare(tried, 'en', { numeric: true })
  return order > 0 ? `Node ${running} is newer than ${tried}, which this was tried with` : undefined
}
