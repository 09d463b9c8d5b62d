/** WS-Policy of the bindings that are used → what a manifest can say by itself, and what its author must know. */
import type { JsonObject } from '../../../core/types.ts'
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import type { Definitions } from './definitions.ts'
import type { PolicyFindings, Wsdl } from './model.ts'

const policyUris: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/ws/2004/09/policy',
  'http://schemas.xmlsoap.org/ws/2002/12/policy',
  'http://www.w3.org/2006/07/ws-policy',
  'http://www.w3.org/ns/ws-policy'
])
const addressingUri = 'http://www.w3.org/2006/05/addressing/wsdl'
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'

const isPolicy = ({ uri, local }: XmlElement): boolean => local === 'Policy' && policyUris.has(uri)

/** What no manifest can do. */
const beyond: Readonly<Record<string, string>> = {
  SymmetricBinding: 'a symmetric binding',
  EncryptedParts: 'encryption of parts',
  EncryptedElements: 'encryption of elements',
  IssuedToken: 'tokens of an issuer (WS-Trust)',
  SamlToken: 'SAML tokens',
  SecureConversationToken: 'WS-SecureConversation',
  KerberosToken: 'Kerberos tokens',
  SpnegoContextToken: 'SPNEGO tokens'
}

interface Rule {
  readonly keys?: (assertion: XmlElement) => JsonObject
  /** It is part of a whole that has to be complete. */
  readonly secure?: true
  readonly login?: true
  readonly note?: string
}

/** By the local name of an assertion; the versions of WS-SecurityPolicy differ in their namespaces alone. */
const rules: Readonly<Record<string, Rule>> = {
  UsingAddressing: { keys: () => ({ addressing: true }) },
  Addressing: { keys: () => ({ addressing: true }) },
  HttpBasicAuthentication: { keys: () => ({ auth: 'basic' }), login: true },
  UsernameToken: { keys: token => ({ security: { usernameToken: passwordOf(token) } }), secure: true, login: true },
  IncludeTimestamp: { keys: () => ({ security: { timestamp: '5m' } }), secure: true },
  RequireClientCertificate: { note: 'a client certificate: write target.tls with certificate and key' },
  AsymmetricBinding: {
    note: 'signatures: write target.security.sign with certificate and key, and security.verify with the certificate of the service'
  },
  EndorsingSupportingTokens: { note: 'a signature of the caller: write target.security.sign with certificate and key' },
  HttpDigestAuthentication: { note: 'HTTP Digest, which is not spoken' }
}

function passwordOf(token: XmlElement): JsonObject[string] {
  const names = new Set(descendants(token).map(({ local }) => local))
  if (names.has('NoPassword')) return { password: 'none', nonce: false }
  return names.has('HashPassword') ? 'digest' : 'text'
}

const descendants = (element: XmlElement): readonly XmlElement[] => childElements(element).flatMap(child => [child, ...descendants(child)])

interface Bound {
  readonly binding: XmlElement | undefined
  readonly endpoint: { readonly port: string } | undefined
}

/** Where policies of a binding may stand: its port, itself, its operations and their messages. */
function placesOf({ all }: Definitions, { binding, endpoint }: Bound): readonly XmlElement[] {
  const named = (parent: XmlElement, ...names: readonly string[]) => childElements(parent).filter(({ local }) => names.includes(local))
  const ports = all('service').flatMap(({ node }) => named(node, 'port').filter(port => attribute(port, 'name') === endpoint?.port))
  if (binding === undefined) return ports
  const operations = named(binding, 'operation')
  return [...ports, binding, ...operations, ...operations.flatMap(each => named(each, 'input', 'output'))]
}

export function readPolicies(definitions: Definitions, bound: readonly Bound[]): PolicyFindings {
  const { policies } = definitions
  const places = [...new Set(bound.flatMap(each => placesOf(definitions, each)))]
  const missing: string[] = []
  const attached = places.flatMap(place => childElements(place).flatMap(child => policyAt(child, policies, missing)))
  const assertions = [...attached.flatMap(assertionsOf), ...places.flatMap(place => childElements(place).filter(isRequiredAddressing))]
  const refused = [...new Set(assertions.flatMap(({ local }) => (Object.hasOwn(beyond, local) ? [beyond[local] as string] : [])))]
  const applied = assertions.flatMap(assertion => {
    const rule = Object.hasOwn(rules, assertion.local) ? rules[assertion.local] : undefined
    return rule === undefined || (refused.length > 0 && rule.secure) ? [] : [{ assertion, rule }]
  })
  const keys = applied.reduce<JsonObject>((sum, { assertion, rule }) => joined(sum, rule.keys?.(assertion) ?? {}), {})
  const notes = new Set(applied.flatMap(({ rule }) => rule.note ?? []))
  if (assertions.some(each => attribute(each, 'RequireClientCertificate') === 'true')) notes.add(rules.RequireClientCertificate?.note ?? '')
  return {
    keys,
    credentials: applied.some(({ rule }) => rule.login) ? ['username', 'password'] : [],
    warnings: [
      ...refused.map(what => `The policy of the service wants ${what}, which is not supported: its calls may be refused.`),
      ...[...notes].map(note => `The policy of the service wants ${note}.`),
      ...[...new Set(missing)].map(uri => `The policy ${uri.slice(0, 200)} is not in the file: what it wants is not known.`)
    ]
  }
}

const joined = (one: JsonObject, other: JsonObject): JsonObject => ({
  ...one,
  ...other,
  ...(one.security === undefined || other.security === undefined
    ? {}
    : { security: { ...(one.security as JsonObject), ...(other.security as JsonObject) } })
})

function policyAt(child: XmlElement, policies: readonly XmlElement[], missing: string[]): readonly XmlElement[] {
  if (isPolicy(child)) return [child]
  if (child.local !== 'PolicyReference' || !policyUris.has(child.uri)) return []
  const uri = attribute(child, 'URI') ?? ''
  const found = policies.find(policy => idsOf(policy).includes(uri.replace(/^#/, '')))
  if (found === undefined) missing.push(uri)
  return found === undefined ? [] : [found]
}

const idsOf = (policy: XmlElement): readonly (string | undefined)[] => [
  attribute(policy, 'Id', wsu),
  attribute(policy, 'id', 'http://www.w3.org/XML/1998/namespace'),
  attribute(policy, 'Name')
]

/** Of the first alternative that a manifest can satisfy, else of the first; without what is optional. */
function assertionsOf(policy: XmlElement): readonly XmlElement[] {
  const choice = childElements(policy).find(({ local }) => local === 'ExactlyOne')
  const alternatives = choice === undefined ? [policy] : childElements(choice)
  const all = alternatives.map(required)
  return all.find(each => each.every(({ local }) => !Object.hasOwn(beyond, local))) ?? all[0] ?? []
}

const required = (element: XmlElement): readonly XmlElement[] =>
  childElements(element).flatMap(child => (isOptional(child) ? [] : [child, ...required(child)]))

const isOptional = ({ attributes }: XmlElement): boolean =>
  attributes.some(({ local, value }) => local === 'Optional' && value.trim() === 'true')

/** Beside a policy it says what is possible, unless it is required. */
const isRequiredAddressing = (element: XmlElement): boolean =>
  element.uri === addressingUri &&
  element.local === 'UsingAddressing' &&
  element.attributes.some(({ local, value }) => local === 'required' && value.trim() === 'true')

/** Credentials are named as the bot is. */
export const policyKeys = (bot: string, { policy }: Wsdl): JsonObject =>
  policy.credentials.length > 0 ? { credentials: bot, ...policy.keys } : policy.keys

export function policyWarnings(bot: string, { policy }: Wsdl): readonly string[] {
  const keys = Object.keys(policy.keys).map(key => `target.${key}`)
  const login = policy.credentials.length > 0 ? `; write ${bot}.json with ${policy.credentials.join(' and ')} in SECRETS_DIR` : ''
  return [
    ...(keys.length > 0 ? [`${keys.join(' and ')} was written as the policy of the service says: please review${login}.`] : []),
    ...policy.warnings
  ]
}
