import type { View } from 'vega'
import { SlablabError, UsageError } from '../errors.js'
import { textWidth } from './textWidth.js'

/**
 * Runs a vega-lite or vega specification without a screen, and returns its finished view.
 * Nothing is read from the network or from files: the data must stand in the specification.
 *
 * @throws UsageError where the specification is not one
 */
export async function vegaScene(specification: object): Promise<View> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  // Without a canvas vega guesses how wide a text is; it shall know, so that labels are not cut and margins fit.
  const metrics = vega as unknown as { textMetrics: { width: (item: TextItem, text: string | null | undefined) => number } }
  metrics.textMetrics.width = measure
  const quiet = vega.logger(vega.None)
  try {
    const spec = isVega(specification) ? specification : compile(specification as never, { logger: quiet }).spec
    const view = new vega.View(vega.parse(spec), { renderer: 'none', logger: quiet, loader: refusing() })
    return await view.runAsync()
  } catch (error) {
    if (error instanceof SlablabError) throw error
    throw new UsageError(`not a specification that vega can draw: ${(error as Error).message}`, { cause: error })
  }
}

function isVega(specification: object): boolean {
  return '$schema' in specification && typeof specification.$schema === 'string' && /\/schema\/vega\/v\d/.test(specification.$schema)
}

interface TextItem { fontSize?: number, fontWeight?: number | string, limit?: number }

function measure(item: TextItem, text: string | null | undefined): number {
  return textWidth(text ?? '', item.fontSize ?? 11, Number(item.fontWeight) >= 600 || item.fontWeight === 'bold')
}

function refusing(): never {
  const refuse = async (uri: string): Promise<never> => {
    throw new UsageError(`a plot's data must stand in its specification, and is not loaded from ${uri}`)
  }
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse } as never
}
