import { createRequire } from 'node:module'
import path from 'node:path'
import type ts from 'typescript'
import { hasLaterDocs, laterDocs } from './laterDocs.js'
import { isOfPackage, localFiles } from './localFiles.js'
import { moduleResolver } from './moduleResolver.js'
import { plainBuilder } from './plainBuilder.js'
import { transpiler, type Transpiled } from './transpile.js'

/** The compiler that tslab brings: TypeScript 5.0.4 with some of its internals made public. */
export type Compiler = typeof ts & {
  getPreEmitDiagnosticsOfFiles(program: ts.Program, files: readonly ts.SourceFile[]): ts.Diagnostic[]
  bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void
  getQuickInfoAtPosition(...place: readonly unknown[]): ts.QuickInfo | undefined
}

export interface FacadeOptions {
  readonly folder: string
  readonly typeCheck: boolean
  readonly libraryTypes: string
  readonly globalTypes: string
  /** The module from which our own packages resolve. */
  readonly resolveFrom: string
}

export interface CompilerFacade {
  readonly module: object
  /** What was made of an output of the converter. */
  transpiled(code: string): Transpiled | undefined
  /** Starts a conversion: looks for changed local files, and forgets what the last one left. */
  begin(): void
  /** Places in the cell whose types could not be declared, found since `begin`. */
  readonly undeclared: readonly number[]
}

/**
 * Codes of declarations that can't be written: TS2742 (the type has no name here), TS2527, TS7056 (too long), and the TS4xxx of private names.
 * They tell about a .d.ts that nobody asked for, and must not stop a cell.
 */
const isDeclarationTrouble = (code: number): boolean => code === 2742 || code === 2527 || code === 7056 || code === 2883 || (code >= 4000 && code < 4200)

/** Where the converter keeps the declarations of earlier cells. */
const earlierCells = '/__prev__.d.ts'

/** Not wanted of cells: TS5097 (an import path that ends with .ts). */
const isUnwanted = (code: number): boolean => code === 5097

/** TS1308 marks a top-level await; the converter needs it to see that there is one. Codes from 2000 on are of types. */
const isOfTypes = (code: number): boolean => code >= 2000

/**
 * Stands in for the compiler that tslab's converter loads. The converter hard-codes Node10 resolution, lib es2022, types from where it is
 * installed, and no source maps; and the working folder, which here is `/` so that local files may lie anywhere.
 */
export function compilerFacade(compiler: Compiler, options: FacadeOptions): CompilerFacade {
  const files = localFiles(compiler.sys)
  const docs = laterDocs(compiler, compiler.sys)
  const transpile = transpiler(compiler)
  const typeRoots = [path.dirname(path.dirname(createRequire(options.resolveFrom).resolve('@types/node/package.json')))]
  let undeclared: number[] = []
  let checker: ts.TypeChecker | undefined
  // The converter makes `x` of an earlier cell `exports.x`, but overlooks `{ x }`.
  const namesEarlierCell = (node: ts.Node): node is ts.ShorthandPropertyAssignment => {
    const original = compiler.getOriginalNode(node)
    if (!compiler.isShorthandPropertyAssignment(original)) return false
    return checker?.getShorthandAssignmentValueSymbol(original)?.declarations?.some((declaration) => declaration.getSourceFile().fileName === earlierCells) ?? false
  }
  const spelledOut = ({ name }: ts.ShorthandPropertyAssignment): ts.Node => {
    const { factory } = compiler
    return factory.createPropertyAssignment(name, factory.createPropertyAccessExpression(factory.createIdentifier('exports'), name))
  }
  const module = {
    ...compiler,
    sys: files.system,
    transpileModule: transpile.transpileModule,
    createWatchCompilerHost(roots: string[], given: ts.CompilerOptions, system: ts.System, _builder: unknown, ...reporters: [ts.DiagnosticReporter, ts.WatchStatusReporter]): object {
      const host = compiler.createWatchCompilerHost(roots, {
        ...given, moduleResolution: 100 /* Bundler */, lib: ['lib.es2023.d.ts'], typeRoots, types: ['node'],
        inlineSourceMap: true, checkJs: false
      }, system, plainBuilder(compiler), ...reporters)
      const readFile = (file: string, encoding?: string): string | undefined => {
        const text = host.readFile(file, encoding)
        return text !== undefined && hasLaterDocs(file) ? docs.withoutDocs(text) : text
      }
      // Otherwise the modules of all files would be resolved anew for every cell.
      const hasInvalidatedResolutions = (file: string): boolean => !isOfPackage(file)
      return { ...host, readFile, resolveModuleNameLiterals: moduleResolver(compiler, system, options), hasInvalidatedResolutions }
    },
    visitEachChild<T extends ts.Node>(node: T, visitor: ts.Visitor, context: ts.TransformationContext): ts.Node {
      return namesEarlierCell(node) ? spelledOut(node) : compiler.visitEachChild(node, visitor, context)
    },
    getQuickInfoAtPosition: (...place: readonly unknown[]): unknown => docs.ask(() => compiler.getQuickInfoAtPosition(...place)),
    getPreEmitDiagnosticsOfFiles(program: ts.Program, sources: ts.SourceFile[]): ts.Diagnostic[] {
      checker = program.getTypeChecker()
      return compiler.getPreEmitDiagnosticsOfFiles(program, sources).filter(({ code, file, start }) => {
        if (isDeclarationTrouble(code)) {
          if (file === sources[0] && start !== undefined) undeclared.push(start)
          return false
        }
        return !isUnwanted(code) && (options.typeCheck || !isOfTypes(code))
      })
    }
  }
  return {
    module,
    transpiled: transpile.result,
    begin() {
      undeclared = []
      transpile.forget()
      files.noteChanges()
    },
    get undeclared() { return undeclared }
  }
}
