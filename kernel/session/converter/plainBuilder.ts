import type ts from 'typescript'
import type { Compiler } from './compilerFacade.js'

/**
 * A builder of programs that keeps no account of which file uses which. The compiler's own makes one of all declarations of all packages for
 * each program, which is half of the time of a cell; a session asks only what a cell uses.
 */
export function plainBuilder(compiler: Compiler): ts.CreateProgram<ts.BuilderProgram> {
  return (...given) => {
    const builder = compiler.createAbstractBuilder(...given)
    const program = builder.getProgram()
    // The converter looks for a cell's names before it asks for types.
    for (const name of program.getRootFileNames()) {
      const file = program.getSourceFile(name)
      if (file !== undefined) compiler.bindSourceFile(file, program.getCompilerOptions())
    }
    return Object.assign(builder, {
      getAllDependencies: (file: ts.SourceFile) => dependencies(program, file).map(({ fileName }) => fileName)
    })
  }
}

/** The file and the sources that it imports, and what these import; declarations are left out, since nothing is made of them. */
function dependencies(program: ts.Program, file: ts.SourceFile): ts.SourceFile[] {
  const checker = program.getTypeChecker()
  const found = new Set([file])
  for (const source of found) {
    for (const name of (source as ts.SourceFile & { readonly imports?: readonly ts.Expression[] }).imports ?? []) {
      for (const declaration of checker.getSymbolAtLocation(name)?.declarations ?? []) {
        const imported = declaration.getSourceFile()
        if (!imported.isDeclarationFile) found.add(imported)
      }
    }
  }
  return [...found]
}
