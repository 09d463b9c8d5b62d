import ts from 'typescript'

export interface Source {
  /** From the root of the checkout. */
  readonly path: string
  readonly text: string
}
export interface Import {
  readonly line: number
  /** Undefined: the name is computed. */
  readonly specifier: string | undefined
  readonly typeOnly: boolean
}
export interface Facts {
  readonly imports: readonly Import[]
  readonly environments: readonly number[]
  readonly anys: readonly number[]
  readonly silenced: readonly number[]
  readonly functions: readonly { readonly line: number; readonly lines: number }[]
  readonly lines: number
}

/** What the floors are held against, read off the syntax tree. */
export function factsOf({ path, text }: Source): Facts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1
  const nodes = descendants(file)
  const at = (node: ts.Node) => lineAt(node.getStart(file))
  const lines = (node: ts.Node) => lineAt(node.getEnd()) - at(node) + 1
  /** Without the functions inside: a function that makes an object is as long as a class may be. */
  const ownLines = (node: ts.Node) => lines(node) - innerFunctions(node).reduce((sum, inner) => sum + lines(inner) - 1, 0)
  return {
    imports: nodes.flatMap(node => importOf(node).map(found => ({ ...found, line: at(node) }))),
    environments: nodes.filter(readsEnvironment).map(at),
    anys: nodes.filter(node => node.kind === ts.SyntaxKind.AnyKeyword).map(at),
    silenced: [...text.matchAll(/@ts-(?:ignore|expect-error|nocheck)/g)].map(({ index }) => lineAt(index)),
    functions: nodes.filter(node => ts.isFunctionLike(node)).map(node => ({ line: at(node), lines: ownLines(node) })),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  }
}

function descendants(node: ts.Node): ts.Node[] {
  const below: ts.Node[] = []
  ts.forEachChild(node, child => void below.push(child, ...descendants(child)))
  return below
}

function innerFunctions(node: ts.Node): ts.Node[] {
  const below: ts.Node[] = []
  ts.forEachChild(node, child => void below.push(...(ts.isFunctionLike(child) ? [child] : innerFunctions(child))))
  return below
}

const literal = (node: ts.Node | undefined) => (node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined)

function importOf(node: ts.Node): Omit<Import, 'line'>[] {
  if (ts.isImportDeclaration(node)) {
    return [{ specifier: literal(node.moduleSpecifier), typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword }]
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return [{ specifier: literal(node.moduleSpecifier), typeOnly: node.isTypeOnly }]
  if (ts.isImportTypeNode(node)) {
    return [{ specifier: ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined, typeOnly: true }]
  }
  const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return isCall ? [{ specifier: literal(node.arguments[0]), typeOnly: false }] : []
}

const isProcess = (node: ts.Node | undefined) =>
  node !== undefined && (ts.isPropertyAccessExpression(node) ? node.name : node).getText() === 'process'

const takesEnv = ({ elements }: ts.ObjectBindingPattern) =>
  elements.some(({ propertyName, name, dotDotDotToken }) => dotDotDotToken !== undefined || (propertyName ?? name).getText() === 'env')

/** `process.env`, `process['env']`, `{ env } = process`, another name for `process`, and anything of `node:process`. */
function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env'
  if (ts.isElementAccessExpression(node)) return isProcess(node.expression)
  if (ts.isVariableDeclaration(node) && isProcess(node.initializer)) return !ts.isObjectBindingPattern(node.name) || takesEnv(node.name)
  return ts.isImportDeclaration(node) && /^(node:)?process$/.test(literal(node.moduleSpecifier) ?? '')
}
