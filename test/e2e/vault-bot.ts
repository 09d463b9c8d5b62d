/** A bot whose inputs, outputs and credentials are planted secrets: each action ends another way. */
export interface Canaries {
  readonly pin: string
  readonly owner: string
  readonly number: number
  readonly card: string
  readonly password: string
  readonly token: string
}

/** Nothing else in the world contains these. */
export const plant = (seed: string): Canaries => ({
  pin: `pin-canary-${seed}`,
  owner: `Owner Canary ${seed}`,
  number: 7_200_000_000 + Number.parseInt(seed.slice(0, 6), 16),
  card: `card-canary-${seed}`,
  password: `password-canary-${seed}`,
  token: `token-canary-${seed}`
})

const secretResult =
  'result: { reference: "{{ input.reference }}", card: "{{ input.card }}", told: { name: "{{ input.owner.name }}", token: "{{ input.token }}" } }'

/** What no manifest may do. */
const leak = 'result: { reference: "{{ input.reference }}", card: "{{ credentials.password }}", told: {} }'

/** How each action ends, and what makes it end so. */
const endings: Readonly<Record<string, { readonly status: string; readonly keys: readonly string[] }>> = {
  open: { status: 'completed', keys: [secretResult] },
  fail: { status: 'failed', keys: ['fail: { times: 9 }', secretResult] },
  retried: { status: 'completed', keys: ['fail: { times: 1 }', secretResult] },
  probed: { status: 'completed', keys: ['fail: { times: 9, when: after }', secretResult] },
  misfit: { status: 'failed', keys: [secretResult.replace('reference: "{{ input.reference }}"', 'reference: "{{ 5 }}"')] },
  leaks: { status: 'failed', keys: [leak] },
  breaks: { status: 'failed', keys: ['result: { reference: "{{ $error(input.pin & credentials.password) }}", card: none, told: {} }'] }
}

export const vaultActions = Object.entries(endings).map(([name, { status }]) => [`vault_${name}`, status] as const)

const action = (name: string, keys: readonly string[]): string => `
  ${name}:
    title: Guard
    description: Answers with secrets.
    effect: irreversible
    scopes: [vault:write]
    input:
      type: object
      required: [reference, pin, owner]
      additionalProperties: false
      properties:
        reference: { type: string }
        pin: { type: string, x-sensitive: secret }
        card: { type: string, x-sensitive: secret }
        token: { type: string, x-sensitive: secret }
        owner: { type: object, x-sensitive: pii, properties: { name: { type: string }, number: { type: integer } } }
    output:
      type: object
      required: [reference, card, told]
      properties:
        reference: { type: string }
        card: { type: string, x-sensitive: secret }
        told: { type: object, x-sensitive: pii, properties: { name: { type: string }, token: { type: string } } }
    # The idempotency key holds a secret too.
    idempotency: { key: [reference, pin] }
    settle: 100ms
    retry: { attempts: 2, backoff: 50ms }
    commit: true
    probe: {}
${keys.map(key => `    ${key}`).join('\n')}`

export const vaultBot = (ledger: string): string => `
bot: vault
version: 1.0.0
title: Vault
adapter: echo
target: { url: http://127.0.0.1:9, credentials: vault, ledger: "${ledger}" }
actions:
${Object.entries(endings)
  .map(([name, { keys }]) => action(name, keys))
  .join('\n')}
`
