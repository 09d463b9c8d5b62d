import type { FedCatalog } from '../../src/engine/catalog.ts'

/** Bots whose actions have the names and answers that the conformance suite asks a server for. */
export const conformancePack: readonly string[] = [
  `
bot: test
version: 1.0.0
title: Conformance
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  simple_text:
    title: Answer a text
    description: Answers one text. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object, additionalProperties: false }
    output: { type: string }
    result: This is a simple text response for testing.
  error_handling:
    title: Fail
    description: Fails always. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object, additionalProperties: false }
    output: { type: object }
    retry: { attempts: 1 }
    fail: { times: 9, retryable: false, message: This tool intentionally returns an error for testing }
  tool_with_progress:
    title: Take a while
    description: Tells of its steps. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object, additionalProperties: false }
    output: { type: object }
    delay: 300ms
`,
  `
bot: slow
version: 1.0.0
title: Conformance
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  compute:
    title: Compute
    description: Takes a while. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object, properties: { seconds: { type: number } } }
    output: { type: object }
    delay: 2500ms
`,
  `
bot: failing
version: 1.0.0
title: Conformance
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  job:
    title: Fail
    description: Fails after a while. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object }
    output: { type: object }
    delay: 2500ms
    retry: { attempts: 1 }
    fail: { times: 9, retryable: false, message: it failed }
`,
  `
bot: greet
version: 1.0.0
title: Conformance
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  now:
    title: Greet
    description: Answers at once. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input: { type: object, properties: { name: { type: string } } }
    output: { type: string }
    result: "{{ 'Hello, ' & input.name & '!' }}"
`,
  `
bot: json
version: 1.0.0
title: Conformance
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  schema_2020_12_tool:
    title: Take a rich schema
    description: Its schema has definitions and references. For the conformance suite only.
    effect: read
    scopes: [test:read]
    input:
      $schema: https://json-schema.org/draft/2020-12/schema
      type: object
      additionalProperties: false
      $defs:
        address:
          type: object
          properties: { street: { type: string }, city: { type: string } }
      properties:
        name: { type: string }
        address: { $ref: "#/$defs/address" }
    output: { type: object }
`
]

/** The suite calls one tool `greet`, which no manifest could name: the name of an action begins with that of its bot. */
export async function renamed(catalog: FedCatalog): Promise<void> {
  const bot = catalog.entry('greet', 'default')?.bot
  if (bot === undefined) throw new Error('the pack has no bot greet')
  await catalog.setFile({ ...bot, digest: `${bot.digest}-renamed`, actions: bot.actions.map(action => ({ ...action, name: 'greet' })) })
}
