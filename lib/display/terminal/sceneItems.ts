import type { View } from 'vega'

/** What is drawn, in pixels from the upper left corner of the plot. */
export interface Shape {
  readonly kind: 'rect' | 'rule' | 'line' | 'point' | 'area' | 'text'
  readonly x: number
  readonly y: number
  /** The other end of rules, the other corner of rectangles. */
  readonly x2: number
  readonly y2: number
  /** Corners of lines and areas; a line is broken where a point is missing. */
  readonly points: readonly (readonly [number, number] | null)[]
  readonly colour: string | undefined
  readonly text: string
  readonly align: 'left' | 'center' | 'right'
  /** Pixels between what a text belongs to and the text; `x` and `y` are the text's. */
  readonly dx: number
  readonly above: boolean
}

export interface TickLabel {
  readonly text: string
  /** Pixels along the axis. */
  readonly at: number
}

export interface Axis {
  readonly orient: 'left' | 'right' | 'top' | 'bottom'
  readonly title: string
  readonly labels: readonly TickLabel[]
}

export interface LegendEntry {
  readonly text: string
  readonly colour: string | undefined
}

/** A finished view as a terminal needs it: marks by their pixels, everything around them as text. */
export interface Scene {
  readonly width: number
  readonly height: number
  readonly title: readonly string[]
  readonly subtitle: readonly string[]
  readonly axes: readonly Axis[]
  readonly legend: readonly LegendEntry[]
  /** Names along an axis, where it has no numbers. */
  readonly bands: { readonly x: number | undefined, readonly y: number | undefined }
  readonly shapes: readonly Shape[]
}

/** What vega keeps of each item; only the members that are read here. */
interface Item {
  x?: number, y?: number, x2?: number, y2?: number, width?: number, height?: number, dx?: number, dy?: number, size?: number
  text?: unknown, align?: string, baseline?: string, orient?: string, opacity?: number, defined?: boolean, fill?: unknown, stroke?: unknown
  startAngle?: number, items?: Mark[]
}
interface Mark { marktype: string, role?: string, items: Item[] }

/** Reads the scene graph of a view that has run. */
export function sceneItems(view: View): Scene {
  const root = (view.scenegraph() as unknown as { root: Mark }).root
  const frame = root.items[0]
  const found = {
    title: [] as string[], subtitle: [] as string[], axes: [] as Axis[], legend: [] as LegendEntry[],
    shapes: [] as Shape[]
  }
  walk(frame, 0, 0)
  return {
    width: frame.width ?? view.width(), height: frame.height ?? view.height(),
    bands: { x: bandsOf(view, 'x'), y: bandsOf(view, 'y') }, ...found
  }

  function walk(group: Item, left: number, top: number): void {
    for (const mark of group.items ?? []) {
      if (mark.role === 'axis') readAxis(mark, left, top)
      else if (mark.role === 'legend') readLegend(mark)
      else if (mark.role === 'title') readTitle(mark)
      else if (mark.marktype === 'group') for (const item of mark.items) walk(
        item, left + (item.x ?? 0), top + (item.y ?? 0)
      )
      else found.shapes.push(...shapesOf(mark, left, top))
    }
  }

  function readAxis(mark: Mark, left: number, top: number): void {
    for (const item of mark.items) {
      const orient = item.orient as Axis['orient']
      const across = orient === 'left' || orient === 'right'
      const offset = across ? top + (item.y ?? 0) : left + (item.x ?? 0)
      const labels = textsOf(item, 'axis-label').map((label) => ({
        text: label.text, at: Math.round(offset + (across ? label.y : label.x))
      }))
      const title = textsOf(item, 'axis-title').map(({ text }) => text).join(' ')
      const same = found.axes.findIndex((axis) => axis.orient === orient)
      // Vega draws an axis twice, grid and labels; side by side views repeat it.
      if (same < 0) found.axes.push({ orient, title, labels })
      else found.axes[same] = {
        orient, title: found.axes[same].title || title, labels: [...found.axes[same].labels, ...labels]
      }
    }
  }

  function readLegend(mark: Mark): void {
    for (const item of mark.items) {
      const colours: (string | undefined)[] = []
      const texts: string[] = []
      descend(item, (inner) => {
        if (inner.role === 'legend-symbol') colours.push(...inner.items.map(colourOf))
        if (inner.role === 'legend-label') texts.push(...inner.items.map(({ text }) => plain(text)))
      })
      found.legend.push(...texts.map((text, i) => ({ text, colour: colours[i] })))
    }
  }

  function readTitle(mark: Mark): void {
    for (const item of mark.items) {
      found.title.push(...textsOf(item, 'title-text').map(({ text }) => text))
      found.subtitle.push(...textsOf(item, 'title-subtitle').map(({ text }) => text))
    }
  }
}

function bandsOf(view: View, name: string): number | undefined {
  try {
    const scale = (view as unknown as { scale: (name: string) => { type: string, domain: () => unknown[] } }).scale(name)
    return scale.type === 'band' || scale.type === 'point' ? scale.domain().length : undefined
  } catch {
    // A view without such a scale; vega says so by throwing.
    return undefined
  }
}

function descend(item: Item, visit: (mark: Mark) => void): void {
  for (const mark of item.items ?? []) {
    visit(mark)
    for (const inner of mark.items) descend(inner, visit)
  }
}

function textsOf(item: Item, role: string): { text: string, x: number, y: number }[] {
  const found: { text: string, x: number, y: number }[] = []
  descend(item, (mark) => {
    if (mark.role === role) found.push(...mark.items.filter(({ opacity }) => opacity !== 0).map(({ text, x, y }) => ({
      text: plain(text), x: x ?? 0, y: y ?? 0
    })))
  })
  return found
}

function plain(text: unknown): string {
  return Array.isArray(text) ? text.join(' ') : typeof text === 'string' ? text : typeof text === 'number' ? String(text) : ''
}

function colourOf({ fill, stroke }: Item): string | undefined {
  const colour = typeof fill === 'string' && fill !== 'transparent' && fill !== 'none' ? fill : stroke
  return typeof colour === 'string' && colour !== 'transparent' ? colour : undefined
}

function shapesOf({ marktype, items }: Mark, left: number, top: number): Shape[] {
  const seen = items.filter(({ opacity }) => opacity !== 0)
  if (seen.length === 0) return []
  if (marktype === 'line' || marktype === 'trail' || marktype === 'area') {
    const at = ({ x, y }: Item): [number, number] => [left + (x ?? 0), top + (y ?? 0)]
    const upper = seen.map((item) => item.defined === false ? null : at(item))
    const lower = marktype === 'area' ? seen.map((item): [number, number] => [
      left + (item.x ?? 0), top + (item.y2 ?? item.y ?? 0)
    ]).reverse() : []
    return [shape({
      kind: marktype === 'area' ? 'area' : 'line', points: [...upper, ...lower], colour: lineColour(seen[0])
    })]
  }
  return seen.flatMap((item) => {
    const x = left + (item.x ?? 0)
    const y = top + (item.y ?? 0)
    const colour = colourOf(item)
    switch (marktype) {
      case 'rect':
        return [shape({ kind: 'rect', x, y, x2: x + (item.width ?? 0), y2: y + (item.height ?? 0), colour })]
      case 'rule':
        return [shape({
          kind: 'rule', x, y, x2: item.x2 === undefined ? x : left + item.x2,
          y2: item.y2 === undefined ? y : top + item.y2, colour: lineColour(item)
        })]
      case 'symbol':
        return [shape({ kind: 'point', x, y, colour })]
      case 'text':
        return [shape({
          kind: 'text', x: x + (item.dx ?? 0), y: y + (item.dy ?? 0), colour, text: plain(item.text),
          align: (item.align ?? 'left') as Shape['align'], dx: item.dx ?? 0, above: item.baseline === 'bottom'
        })]
      default:
        return []
    }
  })
}

function lineColour({ fill, stroke }: Item): string | undefined {
  return typeof stroke === 'string' ? stroke : typeof fill === 'string' ? fill : undefined
}

function shape(parts: Partial<Shape> & Pick<Shape, 'kind'>): Shape {
  const x = parts.x ?? 0
  const y = parts.y ?? 0
  return { x, y, x2: x, y2: y, points: [], colour: undefined, text: '', align: 'left', dx: 0, above: false, ...parts }
}
