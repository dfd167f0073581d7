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
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}
