import { visible } from '../util/visible.js'
import { vegaScene } from './vegaScene.js'

/**
 * A vega-lite (or vega) specification as an SVG image: text stays text, in Inter where the viewer has it.
 * The same specification gives the same bytes on every machine.
 *
 * @throws UsageError where the specification cannot be drawn, or its data is not in it
 */
export async function renderSvg(specification: object): Promise<string> {
  const view = await vegaScene(specification)
  const { resetSVGDefIds } = await import('vega') as unknown as { resetSVGDefIds: () => void }
  try {
    resetSVGDefIds()
    const svg = await view.toSVG()
    // XML has no way to write most control characters, so one in a name would make the whole image invalid.
    return svg.split('\n').map(visible).join('\n')
  } finally {
    view.finalize()
  }
}
