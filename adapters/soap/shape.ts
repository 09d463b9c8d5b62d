/** The adapter's own keys of a manifest. */
import { z } from 'zod'
import { durationPattern } from '../../src/index.ts'
import { loginKeys, oauth, proxy } from './access/shape.ts'
import { operationSecurity, targetSecurity } from './security/shape.ts'

const template = z.json()
const schema = z.record(z.string(), z.json())
const local = '[\\p{L}_][\\p{L}\\p{M}\\p{N}_.\\-\u00b7]*'
const qualifiedName = z.string().regex(new RegExp(`^([A-Za-z_][\\w.-]*:)?${local}$`, 'u'), 'must be an element name, as cb:GetCustomer')
const part = '[A-Za-z_][\\w.-]*(:[A-Za-z_][\\w.-]*)?'
const elementPath = z.string().regex(new RegExp(`^${part}(/${part})*$`), 'must be element names with / between them')
const duration = z.string().regex(durationPattern, 'must be a time with its unit, as 500ms, 10s or 1m')
const headerText = z.string().regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/, 'must be text without quotes')

const limits = z.strictObject({
  answerBytes: z.int().min(1).max(268_435_456).default(10_485_760).describe('The largest answer that is read, after decompression.'),
  depth: z.int().min(4).max(1_000).default(100).describe('How deep elements may nest.'),
  elements: z.int().min(1).max(5_000_000).default(200_000).describe('How many elements an answer may have.'),
  attributes: z.int().min(1).max(1_000).default(100).describe('How many attributes one element may have.'),
  textBytes: z.int().min(1).max(16_777_216).default(1_048_576).describe('The longest single text or tag, in characters.')
})

const request = z.strictObject({
  schema: schema
    .optional()
    .describe(
      "JSON Schema of the request element, with OpenAPI's xml keywords; elements are sent in this order. Default: the action's input."
    ),
  body: template.optional().describe("The request's content; expressions see input, run, session, env. Default: the input as it is.")
})

const response = z.strictObject({
  body: z
    .enum(['element', 'parts', 'none'])
    .default('element')
    .describe('How the answer stands in the body: as one element, as several beside each other, or not at all (one-way).'),
  element: qualifiedName.optional().describe('The element that answers. Default: the operation with Response after it.'),
  inside: elementPath
    .optional()
    .describe('Elements inside the answering one that lead to the content that the schema describes, as cb:customer.'),
  schema: schema.optional().describe("JSON Schema of the answering element, with OpenAPI's xml keywords. Default: the action's output."),
  attachments: z
    .enum(['base64', 'artifact'])
    .default('base64')
    .describe(
      'Attachments of the answer (MTOM, SwA): as base64 in the output, or as artifacts of the run, whose address the output holds.'
    ),
  result: template.optional().describe("The action's output; expressions see response. Default: the response as it is.")
})

const fault = z
  .strictObject({
    fault: qualifiedName.optional().describe("An element in the fault's detail, with or without prefix."),
    faultcode: z.string().min(1).optional().describe('Client or Server (SOAP 1.2: Sender, Receiver), or a code of the target.'),
    text: z.string().min(1).optional().describe('A text that the fault string holds.'),
    matches: z.string().min(1).optional().describe('A regular expression that the fault string matches.'),
    http: z.int().min(300).max(599).optional().describe('The HTTP status of the answer.')
  })
  .refine(rule => Object.keys(rule).some(key => key !== 'except'), 'needs at least one condition')

const when = fault.safeExtend({
  response: z.string().min(1).optional().describe("An expression over the response that is true for this error: {{ response.code = '09' }}")
})

const operation = {
  operation: qualifiedName
    .optional()
    .describe('The request element in the SOAP body, with the prefix of its namespace. Needed unless body is parts.'),
  body: z
    .enum(['element', 'parts'])
    .default('element')
    .describe('parts: the properties of the request are elements of the body themselves, without one around them.'),
  encoded: z.boolean().default(false).describe('SOAP encoding (rpc/encoded): elements say their type, and answers may hold references.'),
  rpc: z
    .boolean()
    .default(false)
    .describe(
      'RPC style: neither the name of the answering element nor that of the first one in it, the return value, counts. Encoded ones are.'
    ),
  soap: z.enum(['1.1', '1.2']).optional().describe('The version of SOAP, where it is not that of the target.'),
  endpoint: z
    .string()
    .min(1)
    .optional()
    .describe("The address of this operation, where it is not the target's; its origin must be in target.egress."),
  soapAction: headerText.default('').describe("The operation's SOAPAction, as the WSDL says."),
  request: request.prefault({}).describe('The request, where it differs from the input.'),
  response: response.prefault({}).describe('The answer, where it differs from the output.'),
  ...operationSecurity,
  timeout: duration.optional().describe('The longest wait for one answer. Default: the time left of the attempt.')
}

export const shape = {
  target: z.strictObject({
    soap: z.enum(['1.1', '1.2']).default('1.1').describe('The version of SOAP.'),
    namespaces: z
      .record(z.string().regex(/^[A-Za-z_][\w.-]*$/), z.string().min(1))
      .default({})
      .describe('Prefixes that names in this manifest use, and their namespaces.'),
    elementForm: z
      .enum(['qualified', 'unqualified'])
      .default('qualified')
      .describe("Whether elements inside a request or answer are in the operation's namespace (the schema's elementFormDefault)."),
    ...targetSecurity,
    login: z
      .strictObject({
        ...operation,
        ...loginKeys,
        expired: z
          .array(when)
          .default([])
          .describe(
            'Answers that say that the login has ended, and so that nothing was applied. HTTP 401 counts before the commit point always.'
          )
      })
      .optional()
      .describe('An operation that logs in before the first call, with texts of the credentials in its request. Its answer is kept.'),
    oauth: oauth.optional(),
    proxy: proxy.optional(),
    limits: limits.prefault({}).describe('Answers beyond these are refused.')
  }),
  action: z.strictObject({
    ...operation,
    commit: z.boolean().default(false).describe('This call is the commit point. Needed for write and irreversible.'),
    notApplied: z
      .array(fault.safeExtend({ except: z.string().min(1).optional().describe('Not when the fault string holds this text.') }))
      .default([])
      .describe('Faults that prove that nothing was applied.')
  }),
  probe: z.strictObject({
    ...operation,
    found: z.string().min(1).describe('An expression that is true when the effect exists: {{ $exists(response.payment) }}'),
    output: template.optional().describe("The action's output when it was found. Default: the response.")
  }),
  error: z.strictObject({ when: when.optional().describe('How this error shows in an answer.') })
}

export type TargetKeys = z.output<typeof shape.target>
export type LoginKeys = NonNullable<TargetKeys['login']>
export type ActionKeys = z.output<typeof shape.action>
export type OperationKeys = Pick<ActionKeys, keyof typeof operation>
export type FaultRule = z.output<typeof fault> & { readonly except?: string | undefined }
export type ErrorRule = z.output<typeof when>
export type Limits = z.output<typeof limits>
