/** OpenAI's function tools, for chat completions and for responses. Strict mode: the subset of structured outputs. */
import { type Described, looseProfile, type Profile, type Provider } from './dialect.ts'

const strictProfile: Profile = {
  ...looseProfile,
  strict: true,
  keywords: new Set([
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
    ...['pattern', 'format', 'minItems', 'maxItems']
  ]),
  formats: new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']),
  optional: 'null',
  closed: true,
  anything: 'refuse',
  limits: { properties: 5_000, levels: 10, nameCharacters: 120_000, enumValues: 1_000, longEnum: 250, longEnumCharacters: 15_000 }
}

const common = {
  hasStrict: true,
  descriptionLimit: 1_024,
  profile: (strict: boolean) => (strict ? strictProfile : looseProfile),
  list: (definitions: Parameters<Provider['list']>[0]) => definitions
}

/** `strict` is always said: left out, the responses API decides by itself. */
const functionOf = ({ action, description, parameters, strict }: Described) => ({ name: action.name, description, parameters, strict })

export const openai: Provider = {
  ...common,
  title: 'OpenAI chat completions',
  define: described => ({ type: 'function', function: functionOf(described) })
}

export const openaiResponses: Provider = {
  ...common,
  title: 'OpenAI responses',
  define: described => ({ type: 'function', ...functionOf(described) })
}
