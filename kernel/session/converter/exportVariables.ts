import type ts from 'typescript'
import type { Compiler } from './compilerFacade.js'

/** What is put before a declaration, and moves its columns. */
export const exportPrefix = 'export '

/**
 * Exports variables where they are declared, in place of a list at the end. CommonJS code then has them in one place only, `exports`, and a
 * function sees what a later cell makes of the variables that were declared beside it.
 */
export function exportVariables(compiler: Compiler, code: string): { readonly code: string, readonly widened: readonly number[] } {
  const source = compiler.createSourceFile('cell.js', code, compiler.ScriptTarget.ES2022)
  const list = source.statements.find((statement): statement is ts.ExportDeclaration & { exportClause: ts.NamedExports } =>
    compiler.isExportDeclaration(statement) && statement.moduleSpecifier === undefined && statement.exportClause !== undefined &&
    compiler.isNamedExports(statement.exportClause) && statement.exportClause.elements.length > 0)
  if (list === undefined) return { code, widened: [] }
  const left = new Set(list.exportClause.elements.filter(({ propertyName }) => propertyName === undefined).map(({ name }) => name.text))
  const renamed = list.exportClause.elements.filter(({ propertyName }) => propertyName !== undefined).map((element) => element.getText(source))
  const places: number[] = []
  for (const statement of source.statements) {
    if (!compiler.isVariableStatement(statement) || statement.modifiers !== undefined) continue
    const names = statement.declarationList.declarations.flatMap(({ name }) => namesOf(compiler, name))
    if (!names.every((name) => left.has(name))) continue
    for (const name of names) left.delete(name)
    places.push(statement.getStart(source))
  }
  const edits = [...places.map((at) => ({ at, end: at, text: exportPrefix })),
    { at: list.getStart(source), end: list.end, text: `export { ${[...left, ...renamed].join(', ')} };` }].sort((a, b) => b.at - a.at)
  let result = code
  for (const { at, end, text } of edits) result = result.slice(0, at) + text + result.slice(end)
  return { code: result, widened: places.map((at) => source.getLineAndCharacterOfPosition(at).line) }
}

/** The names that a declaration makes, patterns included. */
export function namesOf(compiler: Compiler, name: ts.BindingName): string[] {
  return compiler.isIdentifier(name) ? [name.text] : name.elements.flatMap((element) => compiler.isOmittedExpression(element) ? [] : namesOf(compiler, element.name))
}
