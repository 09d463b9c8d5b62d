/** Anthropic's tools. Strict mode bounds no numbers and lengths, and knows no recursion. */
import { looseProfile, type Profile, type Provider } from './dialect.ts'

const strictProfile: Profile = {
  ...looseProfile,
  strict: true,
  keywords: new Set(['format', 'minItems']),
  formats: new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']),
  admits: (keyword, value) => keyword !== 'minItems' || value === 0 || value === 1,
  closed: true,
  recursion: 'refuse',
  anything: 'refuse'
}

/** Of one request: more than that, and the whole request is refused ("compiled grammar is too large"). */
export const strictBudget = { tools: 20, optional: 24, unions: 16 }

export const anthropic: Provider = {
  title: 'Anthropic',
  hasStrict: true,
  profile: strict => (strict ? strictProfile : looseProfile),
  define: ({ action, description, parameters, strict }) => ({
    name: action.name,
    description,
    input_schema: parameters,
    ...(strict ? { strict: true } : {})
  }),
  list: definitions => definitions
}
