/** What becomes of the name of a tool on its way to a model. */
import { serverName } from './mcp.ts'

/** Of a name that stands alone. */
const mostAlone = 63
/** Claude Code and hosts that do as it does call a tool `mcp__<server>__<tool>`, and providers take 64 characters. */
const mostPrefixed = 64
/** Cursor leaves out a tool whose name is longer together with that of its server. */
const mostTogether = 60

export function nameRemarks(name: string): readonly string[] {
  const prefixed = `mcp__${serverName}__${name}`
  const over = prefixed.length - mostPrefixed
  const together = serverName.length + name.length
  const alone = `the name ${name} has ${name.length} characters; some take ${mostAlone}: choose a shorter one`
  const long = `MCP clients call it ${prefixed}, ${prefixed.length} characters of the ${mostPrefixed} that models are given: shorten the name of the bot or of the action by ${over}`
  const left = `the name has ${together} characters together with that of its MCP server, ${serverName}; Cursor leaves out what has more than ${mostTogether}`
  return [...(name.length > mostAlone ? [alone] : []), ...(over > 0 ? [long] : []), ...(together > mostTogether ? [left] : [])]
}
