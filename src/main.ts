/** The `retrofit` command. */
import { enableCompileCache } from 'node:module'

// Stripping types and compiling is most of a start; what was compiled once is kept (before anything else is loaded).
enableCompileCache()
const { runCli } = await import('./cli.ts')

// Exporters may have timers left that would hold the process for seconds.
process.exit(await runCli(process.argv))
