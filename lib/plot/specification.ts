import type { TopLevelSpec } from 'vega-lite'
import { visible } from '../util/visible.js'

/** A vega-lite specification: plain JSON with its data in it. */
export type PlotSpecification = TopLevelSpec

/** The schema that every notebook front end of today shows; our specifications hold to what versions 5 and 6 share. */
const schema = 'https://vega.github.io/schema/vega-lite/v5.json'

/** Okabe and Ito's palette, told apart by people with any kind of colour vision; yellow and black are left out, for they do badly as lines. */
export const palette = {
  vermillion: '#d55e00',
  blue: '#0072b2',
  green: '#009e73',
  purple: '#cc79a7',
  orange: '#e69f00',
  sky: '#56b4e9',
  grey: '#8c959f',
  light: '#d0d7de'
} as const

export const ink = { title: '#1f2328', text: '#424a53', quiet: '#656d76', grid: '#eaeef2', rule: '#afb8c1' } as const

/** The width of what is drawn, in pixels, without axes: with them it fits a notebook and a page. */
export const plotWidth = 560

/** Characters of a title and of a subtitle that fit a line of a plot. */
const lineLength = { title: 78, subtitle: 104 }

type Unit = Extract<TopLevelSpec, { layer: unknown }>

export interface PlotParts {
  /** The finding, as a sentence. */
  readonly title: string
  /** What is drawn, in which unit, of what. */
  readonly subtitle: string
  readonly width?: number
  readonly height: number
  readonly values: readonly Readonly<Record<string, unknown>>[]
  readonly layer: Unit['layer']
  readonly encoding?: Unit['encoding']
  readonly resolve?: Unit['resolve']
}

/** Puts a plot's parts into the frame that all plots share: type, colours, a title that states the finding. */
export function specification({ title, subtitle, width, height, values, layer, encoding, resolve }: PlotParts): PlotSpecification {
  return {
    $schema: schema,
    description: visible(`${title}. ${subtitle}`),
    title: { text: wrap(visible(title), lineLength.title), subtitle: wrap(visible(subtitle), lineLength.subtitle) },
    width: width ?? plotWidth,
    height,
    data: { values: values as Record<string, unknown>[] },
    ...(encoding === undefined ? {} : { encoding }),
    layer,
    ...(resolve === undefined ? {} : { resolve }),
    config
  }
}

const config: TopLevelSpec['config'] = {
  font: 'Inter, "Helvetica Neue", Arial, sans-serif',
  background: '#ffffff',
  // One description for the whole plot says more to a screen reader than hundreds of points do.
  aria: false,
  padding: 16,
  view: { stroke: null },
  title: {
    anchor: 'start', frame: 'bounds', offset: 16,
    fontSize: 15, fontWeight: 600, lineHeight: 20, color: ink.title,
    subtitleFontSize: 12, subtitleLineHeight: 16, subtitleColor: ink.quiet, subtitlePadding: 6
  },
  axis: {
    domain: false, ticks: false, grid: true, gridColor: ink.grid,
    labelFontSize: 11, labelColor: ink.quiet, labelPadding: 6,
    titleFontSize: 11, titleFontWeight: 400, titleColor: ink.quiet, titlePadding: 8
  },
  axisX: { labelFlush: false },
  text: { fontSize: 11, color: ink.text },
  legend: {
    orient: 'top', direction: 'horizontal', title: null, offset: 8, symbolType: 'square', symbolSize: 90,
    labelFontSize: 11, labelColor: ink.text, columnPadding: 16
  }
}

/** Breaks a sentence into lines between words. */
export function wrap(text: string, length: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > length) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
