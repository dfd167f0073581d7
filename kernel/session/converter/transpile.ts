import type ts from 'typescript'
import type { Compiler } from './compilerFacade.js'
import { exportVariables } from './exportVariables.js'
import type { MapStep } from './messages.js'

export interface Transpiled {
  readonly code: string
  /** Of this step, then of the one before it. */
  readonly maps: readonly MapStep[]
  readonly imports: readonly string[]
  /** Whether it waits outside of any function. */
  readonly hasAwait: boolean
}

export interface Transpiler {
  transpileModule(code: string, options: ts.TranspileOptions): { outputText: string }
  result(code: string): Transpiled | undefined
  forget(): void
}

const inlineMap = /\n?\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/

/** Names under which evaluated code finds what it can't say in CommonJS. */
export const evaluatorNames = { dynamicImport: '__import', importMeta: '__importMeta' }

/**
 * The converter's last step, ESM to CommonJS, made so that it keeps both source maps, tells what is imported, and leaves `import()` and
 * `import.meta` to the evaluator (ESM packages can't be had by `require`).
 */
export function transpiler(compiler: Compiler): Transpiler {
  const results = new Map<string, Transpiled>()
  return {
    transpileModule(code, options) {
      const first = inlineMap.exec(code)
      const plain = first === null ? code : code.slice(0, first.index)
      const seen: Seen = { imports: [], hasAwait: false }
      const exported = exportVariables(compiler, plain)
      const { outputText, sourceMapText } = compiler.transpileModule(exported.code, {
        ...options,
        compilerOptions: { ...options.compilerOptions, sourceMap: true, removeComments: false },
        transformers: { before: [replaceImports(compiler, seen)] }
      })
      const output = outputText.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, '\n')
      const maps: MapStep[] = []
      if (sourceMapText !== undefined && first !== null) {
        maps.push({ map: sourceMapText, widened: exported.widened }, { map: Buffer.from(first[1], 'base64').toString(), widened: [] })
      }
      results.set(output, { code: output, maps, ...seen })
      return { outputText: output }
    },
    result: (code) => results.get(code),
    forget: () => results.clear()
  }
}

interface Seen { readonly imports: string[], hasAwait: boolean }

function replaceImports(compiler: Compiler, seen: Seen): ts.TransformerFactory<ts.SourceFile> {
  const { factory } = compiler
  return (context) => (file) => {
    const visitIn = (inFunction: boolean) => (node: ts.Node): ts.Node => {
      if ((compiler.isImportDeclaration(node) || compiler.isExportDeclaration(node)) && node.moduleSpecifier && compiler.isStringLiteral(node.moduleSpecifier)) {
        seen.imports.push(node.moduleSpecifier.text)
        return node
      }
      if (compiler.isMetaProperty(node) && node.keywordToken === compiler.SyntaxKind.ImportKeyword) return factory.createIdentifier(evaluatorNames.importMeta)
      if (!inFunction && (compiler.isAwaitExpression(node) || (compiler.isForOfStatement(node) && node.awaitModifier))) seen.hasAwait = true
      const visited = compiler.visitEachChild(node, visitIn(inFunction || compiler.isFunctionLike(node)), context)
      return compiler.isCallExpression(visited) && visited.expression.kind === compiler.SyntaxKind.ImportKeyword
        ? factory.updateCallExpression(visited, factory.createIdentifier(evaluatorNames.dynamicImport), undefined, visited.arguments)
        : visited
    }
    return compiler.visitNode(file, visitIn(false)) as ts.SourceFile
  }
}
