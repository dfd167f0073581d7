import type { Compiler } from './compilerFacade.js'

/** The module of what every cell has besides the library: `display` and `prompt`. */
export const globalsModule = 'slablab/session'

/** Declarations that the first cell starts with: all public names of the library, and the session's own. */
export function prelude(compiler: Compiler, libraryTypes: string, globalTypes: string): string {
  return [[libraryTypes, 'slablab'], [globalTypes, globalsModule]]
    .map(([file, name]) => `import {${exportedNames(compiler, file).join(', ')}} from '${name}';\n`).join('')
}

/** What a list of exports lists, or what a module declares as exported. */
function exportedNames(compiler: Compiler, file: string): string[] {
  const source = compiler.createSourceFile(file, compiler.sys.readFile(file) ?? '', compiler.ScriptTarget.ES2022)
  return source.statements.flatMap((statement) => {
    if (compiler.isExportDeclaration(statement) && statement.exportClause) {
      const { exportClause } = statement
      return compiler.isNamedExports(exportClause) ? exportClause.elements.map(({ name }) => name.text) : [exportClause.name.text]
    }
    const isExported = compiler.canHaveModifiers(statement) && compiler.getModifiers(statement)?.some(({ kind }) => kind === compiler.SyntaxKind.ExportKeyword)
    if (isExported !== true) return []
    if (compiler.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => compiler.isIdentifier(name) ? [name.text] : [])
    }
    if ((compiler.isFunctionDeclaration(statement) || compiler.isInterfaceDeclaration(statement) || compiler.isTypeAliasDeclaration(statement) || compiler.isClassDeclaration(statement)) && statement.name) {
      return [statement.name.text]
    }
    return []
  })
}
