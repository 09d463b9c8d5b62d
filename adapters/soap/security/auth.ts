/** How a request says over HTTP who sends it. */
import type { Call } from '../../../src/index.ts'
import { memberOf, unusable } from './member.ts'

type Credentials = Call['credentials']
type Auth = (credentials: Credentials) => string

const username = (credentials: Credentials) => memberOf(credentials, 'username', 'the name of the login')
const password = (credentials: Credentials) => memberOf(credentials, 'password', 'the password of the login')

/** RFC 7617, section 2: a colon would end the name. */
function basic(credentials: Credentials): string {
  const name = username(credentials)
  if (name.includes(':')) throw unusable('have a username with a colon, which HTTP Basic can not send')
  return `Basic ${basicToken(name, password(credentials))}`
}

/** RFC 6750, section 2.1. */
function bearer(credentials: Credentials): string {
  const token = memberOf(credentials, 'token', 'the bearer token').trim()
  if (!/^[\w.~+/-]+=*$/.test(token)) throw unusable('have a token with characters that a bearer token can not have')
  return `Bearer ${token}`
}

/** Those without a text here are made for each request. */
export const auths = { none: undefined, basic, bearer, digest: undefined, ntlm: undefined, oauth: undefined } satisfies Readonly<
  Record<string, Auth | undefined>
>
export type AuthName = keyof typeof auths

/** The names that each needs in the credentials, for the messages of the loader. */
export const authNeeds: Readonly<Record<AuthName, string>> = {
  none: '',
  basic: 'username and password',
  bearer: 'token',
  digest: 'username and password',
  ntlm: 'username and password',
  oauth: 'client_id and client_secret'
}

export const basicToken = (name: string, secret: string): string => Buffer.from(`${name}:${secret}`).toString('base64')
