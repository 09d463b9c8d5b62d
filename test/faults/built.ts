/** The program under test in one file: the same code, started in half the time, because a campaign starts it thousands of times. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What our files find beside themselves they still find. */
const sameAddresses: Plugin = {
  name: 'same addresses',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' }
    })
  }
}

let building: Promise<string> | undefined

/** The path of the file; it is built once in a process and goes with it. */
export function builtProgram(): Promise<string> {
  building ??= bundle()
  return building
}

async function bundle(): Promise<string> {
  // Inside the project, so that what stays outside of the bundle is found.
  const dir = mkdtempSync(join(root, 'node_modules', '.retrofit-faults-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  await build({
    entryPoints: [join(root, 'test/faults/program.ts')],
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is loaded later stays apart.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Less to read and to decode at each start; names stay.
    minifyWhitespace: true,
    minifySyntax: true,
    external: ['playwright-core', 'swagger-ui-dist', 'fsevents', '*.wasm'],
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
    plugins: [sameAddresses],
    logLevel: 'error'
  })
  return join(dir, 'program.mjs')
}
