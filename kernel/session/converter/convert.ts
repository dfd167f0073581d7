import path from 'node:path'
import { namesOf } from './exportVariables.js'
import type { Conversion, Diagnostic, SideModule } from './messages.js'
import type { Tslab, TslabDiagnostic, TslabResult } from './tslab.js'

/** Converts one cell to JavaScript, given the declarations of those before it. */
export function convert(tslab: Tslab, declarations: string, code: string): Conversion {
  const { converter, facade } = tslab
  facade.begin()
  const result = converter.convert(declarations, code)
  if (result.diagnostics.length > 0) return { ok: false, diagnostics: result.diagnostics.map(diagnosticOf) }
  const main = facade.transpiled(result.output ?? '')
  const sideModules = (result.sideOutputs ?? []).map((side): SideModule => {
    const made = facade.transpiled(side.data)
    return { path: side.path, code: side.data, maps: made?.maps ?? [], imports: made?.imports ?? [] }
  })
  const names = declaredNames(tslab, code)
  return {
    ok: true,
    cell: {
      code: result.output ?? '', maps: main?.maps ?? [], imports: main?.imports ?? [], sideModules,
      hasAwait: main?.hasAwait ?? false, lastValue: result.lastExpressionVar ?? null, names,
      declarations: repairedDeclarations(tslab, declarations, code, result, [...facade.undeclared], names)
    }
  }
}

/**
 * The type of a variable can be one that no declaration can write (TS2742): then there are none of the whole cell.
 * So the cell's declarations are made once more with those variables as `any`, and where that fails too, with all of them.
 */
function repairedDeclarations({ converter, compiler, facade }: Tslab, before: string, code: string, result: TslabResult, undeclared: readonly number[], names: readonly string[]): string {
  if (undeclared.length === 0) return result.declOutput ?? before
  // Positions count the line that the converter puts first.
  const offset = 'export {};'.length + compiler.sys.newLine.length
  const ends = undeclared.map((start) => {
    const name = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(code.slice(start - offset))
    return name === null ? undefined : start - offset + name[0].length
  })
  if (ends.every((end) => end !== undefined)) {
    let annotated = code
    for (const end of [...new Set(ends)].sort((a, b) => b - a)) annotated = `${annotated.slice(0, end)}: any${annotated.slice(end)}`
    facade.begin()
    const again = converter.convert(before, annotated)
    if (again.diagnostics.length === 0 && facade.undeclared.length === 0 && again.declOutput !== undefined) return again.declOutput
  }
  const plain = converter.convert(before, names.map((name) => `let ${name}: any`).join('\n'))
  return plain.declOutput ?? before
}

/** The names that a cell leaves behind. */
function declaredNames({ compiler }: Tslab, code: string): string[] {
  const names: string[] = []
  for (const statement of compiler.createSourceFile('cell.ts', code, compiler.ScriptTarget.ES2022).statements) {
    if (compiler.isVariableStatement(statement)) names.push(...statement.declarationList.declarations.flatMap(({ name }) => namesOf(compiler, name)))
    else if ((compiler.isFunctionDeclaration(statement) || compiler.isClassDeclaration(statement) || compiler.isEnumDeclaration(statement)) && statement.name) names.push(statement.name.text)
    else if (compiler.isImportDeclaration(statement) && statement.importClause && !statement.importClause.isTypeOnly) {
      const { name, namedBindings } = statement.importClause
      if (name) names.push(name.text)
      if (namedBindings) names.push(...compiler.isNamespaceImport(namedBindings) ? [namedBindings.name.text] : namedBindings.elements.map((element) => element.name.text))
    }
  }
  return names
}

function diagnosticOf({ code, messageText, fileName, start, end }: TslabDiagnostic): Diagnostic {
  return {
    code, message: messageText, file: fileName === undefined ? null : path.resolve('/', fileName),
    line: start.line, column: start.character, endLine: end.line, endColumn: end.character
  }
}
