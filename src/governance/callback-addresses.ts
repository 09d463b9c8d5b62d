/** Which addresses the calls of a key may have called back. None, unless an operator listed them with the key. */

const longest = 2_048
const mostAddresses = 20

/** Why this is no address that can be called back; undefined: it is one. `http` is for this machine alone. */
export function whyNoAddress(text: string): string | undefined {
  if (text.length > longest) return `has more than ${longest} characters`
  if (!URL.canParse(text)) return 'is not an address such as https://hooks.example/done'
  const { protocol, hostname, username, password, hash, pathname } = new URL(text)
  if (username !== '' || password !== '') return 'must hold no user name and no password'
  if (hash !== '' || text.includes('#')) return 'must have no fragment'
  // Servers do not agree on what these are: a path must not leave what the key allows.
  if (/%2f|%5c|\\/i.test(pathname + text)) return 'must hold no encoded slash and no backslash'
  const isOwnMachine = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isOwnMachine) ? undefined : 'must begin with https://'
}

/** Why these can not be a key's addresses; undefined: they can. */
export function whyNoAddresses(addresses: readonly string[]): string | undefined {
  if (addresses.length > mostAddresses) return `a key has at most ${mostAddresses} addresses`
  const wrong = addresses.find(address => whyNoAddress(address) !== undefined || new URL(address).search !== '')
  return wrong === undefined ? undefined : `${JSON.stringify(wrong.slice(0, 200))} ${whyNoAddress(wrong) ?? 'must have no query'}`
}

/** The same origin, and the same path or one below it. */
export const isAllowedAddress = (allowed: readonly string[], url: string): boolean => allowed.some(address => covers(address, url))

function covers(address: string, url: string): boolean {
  const [entry, wanted] = [new URL(address), new URL(url)]
  if (entry.origin !== wanted.origin) return false
  const below = entry.pathname.endsWith('/') ? entry.pathname : `${entry.pathname}/`
  return wanted.pathname === entry.pathname || wanted.pathname.startsWith(below)
}
