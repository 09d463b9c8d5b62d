/** A bot on the echo adapter for the tests of registration: its answer names its version. */
export interface EchoBot {
  readonly name?: string
  readonly version: string
  readonly delay?: string
}

export const echoBot = ({ name = 'probe', version, delay }: EchoBot): string => `
bot: ${name}
version: ${version}
title: Says its version
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  ask:
    title: Ask
    description: Answers with the version of its manifest.
    effect: read
    scopes: [probe:read]
    input: { type: object, additionalProperties: false, properties: { note: { type: string }, count: { type: integer } } }
    output: { type: object, required: [version], properties: { version: { type: string } } }
    result: { version: "${version}" }
    ${delay === undefined ? '' : `delay: ${delay}`}
`

/** With two mistakes: an unknown key, and no effect. */
export const brokenBot = (version: string): string => echoBot({ version }).replace('effect: read', 'efect: read')
