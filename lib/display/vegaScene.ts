import type { View } from 'vega'
import { SlablabError, UsageError } from '../errors.js'
import { textWidth } from './textWidth.js'
import { isVega } from './valueKind.js'

/**
 * Runs a vega-lite or vega specification without a screen, and returns its finished view.
 * Nothing is read from the network or from files: the data must stand in the specification.
 *
 * @throws UsageError where the specification is not one, or its data is elsewhere
 */
export async function vegaScene(specification: object): Promise<View> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  // Without a canvas vega guesses how wide a text is; it shall know, so that labels are not cut and margins fit.
  const { textMetrics } = vega as unknown as { textMetrics: { width: typeof measure } }
  textMetrics.width = measure
  const logger = vega.logger(vega.None)
  // Vega logs what it cannot load or compute and draws the rest; a plot without its data is none.
  const failures: unknown[] = []
  logger.error = (...messages: readonly unknown[]) => {
    failures.push(...messages)
    return logger
  }
  try {
    const spec = isVega(specification) ? specification : compile(specification as never, { logger }).spec
    const view = await new vega.View(vega.parse(spec), {
      renderer: 'none', logger, loader: refusing(failures)
    }).runAsync()
    const refused = failures.find((failure) => failure instanceof UsageError)
    if (refused !== undefined) throw refused
    return view
  } catch (error) {
    if (error instanceof SlablabError) throw error
    throw new UsageError(`not a specification that vega can draw: ${(error as Error).message}`, { cause: error })
  }
}

interface TextItem { fontSize?: number, fontWeight?: number | string, limit?: number }

function measure(item: TextItem, text: string | null | undefined): number {
  return textWidth(text ?? '', item.fontSize ?? 11, Number(item.fontWeight) >= 600 || item.fontWeight === 'bold')
}

function refusing(failures: unknown[]): never {
  const refuse = async (uri: string): Promise<never> => {
    const refusal = new UsageError(`a plot's data must stand in its specification, and is not loaded from ${uri}`)
    failures.push(refusal)
    throw refusal
  }
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse } as never
}
