import { findingHtml, isFinding, isFindings } from './finding.js'
import { htmlTable } from './htmlTable.js'
import { svgToPng } from './renderPng.js'
import { renderSvg } from './renderSvg.js'
import { displayMethod, hasDisplay, isMimeData, isPlot, isTable, isVega, type MimeData } from './valueKind.js'
import { displayText, type TextOptions } from './displayText.js'

/** What `display_data` and `execute_result` carry. */
export interface MimeBundle {
  readonly data: MimeData
  /** By MIME type: the size of an image, for one. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** No front end of today shows a later version than 5 of either. */
const plotType = { vegaLite: 'application/vnd.vegalite.v5+json', vega: 'application/vnd.vega.v5+json' }

/**
 * A value as notebooks show it. Tables are escaped HTML and text; plots are live where the front end can, and the same plot as SVG, PNG and
 * text where it cannot (no HTML, which would win everywhere); a value with a method `Symbol.for('Jupyter.display')` says itself how it is shown;
 * an object whose keys are all MIME types is sent as it is; everything else is text. `options` are those of the text.
 */
export async function mimeBundle(value: unknown, options: TextOptions = {}): Promise<MimeBundle> {
  if (isTable(value)) return {
    data: { 'text/html': htmlTable(value), 'text/plain': await displayText(value, options) }, metadata: {}
  }
  if (hasDisplay(value)) {
    const shown = await ownDisplay(value)
    if (shown !== undefined) return {
      data: 'text/plain' in shown ? shown : { ...shown, 'text/plain': await displayText(value, options) }, metadata: {}
    }
  } else if (isPlot(value)) return plotBundle(value, options)
  if (isFinding(value)) return {
    data: { 'text/html': findingHtml(value), 'text/plain': await displayText(value, options) }, metadata: {}
  }
  if (isFindings(value)) return {
    data: { 'text/html': value.map(findingHtml).join(''), 'text/plain': await displayText(value, options) }, metadata: {}
  }
  if (isMimeData(value)) return { data: value, metadata: {} }
  return { data: { 'text/plain': await displayText(value, options) }, metadata: {} }
}

/** Undefined where the method fails: the value's text then tells so. */
async function ownDisplay(value: { [displayMethod]: () => unknown }): Promise<MimeData | undefined> {
  try {
    const shown: unknown = await value[displayMethod]()
    return isMimeData(shown) ? shown : undefined
  } catch {
    return undefined
  }
}

async function plotBundle(plot: object, options: TextOptions): Promise<MimeBundle> {
  const live = { [isVega(plot) ? plotType.vega : plotType.vegaLite]: plot }
  const text = await displayText(plot, options)
  try {
    const svg = await renderSvg(plot)
    const png = await svgToPng(svg)
    return {
      data: {
        ...live, 'image/svg+xml': svg, 'image/png': Buffer.from(png.bytes).toString('base64'), 'text/plain': text
      },
      metadata: { 'image/png': { width: png.width, height: png.height } }
    }
  } catch {
    // The text says why; the front end may still draw it, with data that it loads itself.
    return { data: { ...live, 'text/plain': text }, metadata: {} }
  }
}
