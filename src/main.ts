/** The `retrofit` command. */
import { runCli } from './cli.ts'

// Exporters may have timers left that would hold the process for seconds.
process.exit(await runCli(process.argv))
