import {
  compare, growth, openDump, plotCompare, plotFragmentation, plotGrowth, plotOccupancy, plotSignatures, plotTopGrowers, renderPng, renderSvg, renderText,
  signatures, UsageError, type PlotSpecification, type Series
} from '../../../lib/index.js'
import type { Arguments, Command, Terminal } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence, showWarnings } from '../evidence.js'
import { areSnapshots } from '../evidenceKind.js'
import { parseFormat, writeResult } from '../output.js'
import { progressLine } from '../progress.js'
import { finishSeries, openSeries, seriesOptions } from '../seriesInput.js'

/** A plot, and the exit code: 1 where the evidence could not be read whole. */
interface Plotted { readonly specification: PlotSpecification, readonly code: number }
type Plotter = (files: readonly string[], args: Arguments, terminal: Terminal) => Promise<Plotted>

const plotters: Readonly<Record<string, Plotter>> = {
  growth: (files, args, terminal) => ofSeries(
    files, terminal, ({ snapshots }) => plotGrowth(snapshots, { ...topOf(args), ...cachesOf(args), ...hostOf(args) })
  ),
  growers: (files, args, terminal) => ofSeries(
    files, terminal,
    ({ snapshots, memory }) => plotTopGrowers(growth(snapshots, { memory, ...hostOf(args) }), topOf(args))
  ),
  compare: plotComparison,
  signatures: async (files, args, terminal) => {
    const dump = await openEvidence(files, args, terminal)
    const progress = progressLine(terminal, 'reading objects', 'objects')
    try {
      const groups = signatures(dump, undefined, {
        ...cachesOf(args), onProgress: progress.onProgress, signal: terminal.signal
      })
      return { specification: plotSignatures(groups, topOf(args)), code: finishEvidence(terminal, dump) }
    } finally {
      progress.done()
    }
  },
  occupancy: async (files, args, terminal) => {
    const { cache } = cachesOf(args)
    if (cache !== undefined && cache.length !== 1) throw new UsageError('expected one --cache')
    const dump = await openEvidence(files, args, terminal)
    const objects = await dump.objects(cache)
    return {
      specification: plotOccupancy(objects, cache === undefined ? {} : { cache: cache[0] }),
      code: finishEvidence(terminal, dump)
    }
  },
  fragmentation: async (files, args, terminal) => {
    if (await areSnapshots(files)) return ofSeries(
      files, terminal, ({ snapshots }) => plotFragmentation(snapshots, topOf(args))
    )
    const dump = await openEvidence(files, args, terminal)
    return { specification: plotFragmentation(dump.caches(), topOf(args)), code: finishEvidence(terminal, dump) }
  }
}

export const plot: Command = {
  name: 'plot',
  usage: 'NAME FILE… [--output x.svg|x.png|x.vl.json]',
  summary: `a plot: ${Object.keys(plotters).join(', ')}`,
  text: `growth         snapshots: slab memory over time, of the caches that grew most or of those named
growers        snapshots: rates of growth, with their confidence intervals
compare        two files, or the first and last snapshot of one: what each cache gained or lost
signatures     dump or session: what the objects of a cache hold, by share
occupancy      dump or session: slabs by the share of their slots in use
fragmentation  any: slab memory of the largest caches, in use and not in use

Drawn in the terminal, or written as SVG, PNG, text or as its vega-lite specification, by the name of the output file.`,
  example: `slablab plot growth 'snapshots/*' --cache kmalloc-128
slablab plot compare healthy.slabinfo leaking.slabinfo --output compare.svg`,
  options: {
    ...evidenceOptions,
    ...seriesOptions,
    cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' },
    top: { type: 'string', value: 'N', text: 'how many caches or groups are drawn one by one' }
  },
  async run(args, terminal) {
    const [name, ...files] = args.positionals
    const plotter = Object.hasOwn(plotters, name ?? '') ? plotters[name] : undefined
    if (plotter === undefined) throw new UsageError(`expected a plot: ${Object.keys(plotters).join(', ')}; got ${name ?? 'none'}`)
    if (files.length === 0) throw new UsageError('expected a FILE')
    // What is wrong with the options is said before evidence is read.
    topOf(args)
    const write = writerOf(args, terminal)
    const { specification, code } = await plotter(files, args, terminal)
    await write(specification)
    return code
  }
}

function writerOf(args: Arguments, terminal: Terminal): (specification: PlotSpecification) => Promise<void> {
  const target = args.options.output as string | undefined
  const format = parseFormat(args.options.format as string | undefined)
  const write = (content: string | Uint8Array): void => writeResult(terminal, target, content)
  if (format === 'csv' || format === 'ndjson') throw new UsageError(`a plot has no --format ${format}; json is its vega-lite specification`)
  const ending = /\.(svg|png|json|txt)$/i.exec(target ?? '')?.[1].toLowerCase()
  if (target !== undefined && ending === undefined) throw new UsageError(`expected --output to end in .svg, .png, .vl.json or .txt, got ${target}`)
  if (ending === 'json' || (target === undefined && format === 'json')) return async (plot) => write(`${JSON.stringify(plot, null, 2)}\n`)
  if (ending === 'svg') return async (plot) => write(await renderSvg(plot))
  if (ending === 'png') return async (plot) => write((await renderPng(plot)).bytes)
  return async (plot) => write(await renderText(plot, {
    width: terminal.width, colour: target === undefined && terminal.colour
  }))
}

async function ofSeries(files: readonly string[], terminal: Terminal, make: (series: Series) => PlotSpecification): Promise<Plotted> {
  const series = await openSeries(files, terminal)
  return { specification: make(series), code: finishSeries(terminal, series) }
}

async function plotComparison(files: readonly string[], args: Arguments, terminal: Terminal): Promise<Plotted> {
  if (files.length > 2) throw new UsageError(`expected two files to compare, or one series, got ${files.length}`)
  const sides = await Promise.all(files.map(async (file) => {
    if (await areSnapshots([file], true)) {
      const series = await openSeries([file], terminal)
      return { caches: series.snapshots, partial: series.partial }
    }
    const { system, caches } = await openDump([file], { warnings: args.warnings, signal: terminal.signal })
    showWarnings(terminal, system.warnings)
    return { caches: caches(), partial: (system.incomplete ?? []).length > 0 }
  }))
  return {
    specification: plotCompare(compare(sides[0].caches, sides[1]?.caches), topOf(args)),
    code: sides.some(({ partial }) => partial) ? 1 : 0
  }
}

function cachesOf(args: Arguments): { cache?: string[] } {
  const cache = args.options.cache as string[] | undefined
  return cache === undefined ? {} : { cache }
}

function hostOf(args: Arguments): { host?: string } {
  const host = args.options.host as string | undefined
  return host === undefined ? {} : { host }
}

function topOf(args: Arguments): { top?: number } {
  const text = args.options.top as string | undefined
  if (text === undefined) return {}
  const top = Number(text)
  if (!Number.isInteger(top) || top < 1) throw new UsageError(`expected --top to be a whole number from 1, got ${text}`)
  return { top }
}
