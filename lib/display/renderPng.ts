import { createRequire } from 'node:module'
import { renderSvg } from './renderSvg.js'

export interface PngImage {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Size to show it at, in CSS pixels: half of what the file holds at the default scale of 2. */
  readonly width: number
  readonly height: number
}

const family = 'Inter'
const fonts = ['400Regular/Inter_400Regular.ttf', '600SemiBold/Inter_600SemiBold.ttf']

/**
 * A specification as a PNG image, twice as fine as it is shown. Drawn with the font files that slablab ships and none of the system's,
 * so that labels are never missing and the bytes are the same everywhere.
 */
export async function renderPng(specification: object, scale = 2): Promise<PngImage> {
  return svgToPng(await renderSvg(specification), scale)
}

/** The same for an SVG image at hand. */
export async function svgToPng(svg: string, scale = 2): Promise<PngImage> {
  const { Resvg } = await import('@resvg/resvg-js')
  const { resolve } = createRequire(import.meta.url)
  const image = new Resvg(svg, {
    background: 'white',
    fitTo: { mode: 'zoom', value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fonts.map((file) => resolve(`@expo-google-fonts/inter/${file}`)),
      defaultFontFamily: family, sansSerifFamily: family, serifFamily: family, monospaceFamily: family
    }
  }).render()
  return {
    bytes: Uint8Array.from(image.asPng()), width: Math.round(image.width / scale),
    height: Math.round(image.height / scale)
  }
}
