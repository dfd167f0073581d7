import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { KernelMessage } from '@jupyterlab/services'

/** The version of the protocol that we speak: with iopub_welcome, without the subshells of 5.5. */
export const protocolVersion = '5.4'

function versionOf(name: string, from: NodeJS.Require): string {
  return (JSON.parse(readFileSync(from.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version
}

export function kernelInfo(): KernelMessage.IInfoReply {
  const require = createRequire(import.meta.url)
  const own = versionOf('slablab', require)
  // The compiler that cells are checked by, which is tslab's.
  const language = versionOf('@tslab/typescript-for-tslab', createRequire(require.resolve('tslab/package.json')))
  return {
    status: 'ok',
    protocol_version: protocolVersion,
    implementation: 'slablab',
    implementation_version: own,
    language_info: {
      name: 'typescript', version: language, mimetype: 'application/typescript', file_extension: '.ts', pygments_lexer: 'typescript',
      // `mode` is what JupyterLab looks at, the others are the classic notebook's.
      codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
      nbconverter_exporter: 'script'
    },
    banner: `slablab ${own}: TypeScript ${language} on Node.js ${process.versions.node}. %help lists what there is.`,
    help_links: [
      { text: 'slablab', url: 'https://www.npmjs.com/package/slablab' },
      { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
      { text: 'Arquero', url: 'https://idl.uw.edu/arquero/' },
      { text: 'Vega-Lite', url: 'https://vega.github.io/vega-lite/docs/' }
    ],
    supported_features: []
  }
}
