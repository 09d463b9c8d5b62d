import type { Sessions } from '../core/ports.ts'
import type { Session } from '../core/types.ts'
import type { Signing } from './signed-records.ts'

type Signed = Session & { readonly signature?: unknown }

/** A session that somebody else wrote, or moved to another caller, is no session. */
export function signedSessions(sessions: Sessions, { signer, refuse }: Signing): Sessions {
  const signed = (session: Session): Signed => ({ ...session, signature: signer.sign('session', session.id, JSON.stringify(session)) })
  return {
    create: (session, most) => sessions.create(signed(session), most),
    async get(id) {
      const stored: Signed | undefined = await sessions.get(id)
      if (stored === undefined) return undefined
      const { signature, ...session } = stored
      if (signer.isSigned(signature, 'session', id, JSON.stringify(session))) return session
      refuse('session', `the session ${id} does not have the signature of this installation`)
      return undefined
    },
    put: session => sessions.put(signed(session)),
    delete: id => sessions.delete(id)
  }
}
