/** The meta-schema of JSON Schema 2020-12 as code: Ajv compiles it for every process that starts otherwise, which takes it longer than a manifest. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import standaloneModule from 'ajv/dist/standalone/index.js'
import { transform } from 'esbuild'

const standalone = standaloneModule as unknown as typeof standaloneModule.default

const dialect = 'https://json-schema.org/draft/2020-12/schema'
const head = '// Written by npm run generate: what Ajv makes of the meta-schema of JSON Schema 2020-12.\n'
/** Ajv writes `require`; this is a module. */
const required = 'require("ajv/dist/runtime/equal").default'

export async function metaSchemaCode(): Promise<string> {
  const ajv = new Ajv2020({ code: { source: true, esm: true } })
  const validate = ajv.getSchema(dialect)
  if (validate === undefined) throw new Error(`Ajv has no ${dialect}`)
  const code = standalone(ajv, validate).replace('export default validate0;', '').replaceAll(required, 'equal.default')
  if (code.includes('require(')) throw new Error("Ajv's code for the meta-schema requires something else now")
  const module = `import equal from 'ajv/dist/runtime/equal.js';${code.replace('export const validate =', 'export const checkMetaSchema =')}`
  return head + (await transform(module, { minify: true, treeShaking: true, format: 'esm', target: 'node24' })).code
}
