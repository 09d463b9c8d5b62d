/** Mistakes in how a manifest wants its target secured. */
import type { ActionSource } from '../../../src/index.ts'
import type { TargetKeys } from '../shape.ts'
import { authNeeds } from './auth.ts'

export function checkTargetSecurity({ auth, tls }: TargetKeys, { target, issue }: ActionSource): void {
  const needing = [...(auth === 'none' ? [] : ['auth']), ...(tls === undefined ? [] : ['tls'])]
  if (target.credentials === undefined)
    for (const key of needing) {
      const needs = key === 'auth' ? ` with ${authNeeds[auth]} in them` : ''
      issue(['target', key], `needs credentials: name them in target.credentials${needs}`)
    }
  if (tls !== undefined && typeof target.url === 'string' && /^http:/i.test(target.url))
    issue(['target', 'tls'], 'needs a target.url that starts with https://')
}
