/** `open_session`: a session of the conversation, which its tools then take as an argument. A client that sends Session-Id needs none. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { JsonObject } from '../../core/types.ts'
import type { SessionForm } from '../../surface/session-input.ts'
import type { McpCall, McpDoor } from './door.ts'
import type { OwnTool } from './own-tools.ts'
import { structured } from './results.ts'

export const openSessionTool: OwnTool = {
  definition: {
    name: 'open_session',
    title: 'Open a session',
    description:
      'Opens a session, which remembers accounts and the like from call to call. Once, before several calls about the same thing.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { title: 'Open a session', readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false }
  },
  async call(door: McpDoor, { caller, listChanged }: McpCall): Promise<CallToolResult> {
    const { session } = await door.engine.sessions.open(caller)
    listChanged()
    const value: JsonObject = { session: session.id, expiresAt: new Date(session.expiresAt).toISOString() }
    const minutes = Math.round(session.ttlMs / 60_000)
    const said = `Give session: "${session.id}" with each call of a tool that takes it; what it knows can then be left out. It ends ${minutes} minutes after its last use.`
    return structured(value, said)
  }
}

/** What the caller has: a header, or a session that it opened as a tool. */
export async function sessionFormOf({ engine }: McpDoor, { caller, session }: Pick<McpCall, 'caller' | 'session'>): Promise<SessionForm> {
  if (session !== undefined) return 'carried'
  return (await engine.sessions.hasOpened(caller)) ? 'argument' : 'none'
}
