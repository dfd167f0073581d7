import path from 'node:path'
import type { ColumnTable } from 'arquero'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  compare, growth, loadSlabinfo, openDump, plotCompare, plotFragmentation, plotGrowth, plotOccupancy, plotSignatures, plotTopGrowers, renderSvg, renderText,
  signatures, type PlotSpecification
} from '../../lib/index.js'
import { svgToPng } from '../../lib/display/renderPng.js'
import { expectImage } from '../builders/imageSnapshot.js'
import { fixture, fixtureTable, fixtureSlabs } from './fixtures.js'

const reference = 'datasets/seq-operations'
const gallery = path.join(import.meta.dirname, 'gallery')

/** Every plot over real evidence, as pictures that a person can open: documentation, example and test at once. */
const plots: Record<string, () => PlotSpecification | Promise<PlotSpecification>> = {}
let x86: ColumnTable
let arm64: ColumnTable

beforeAll(async () => {
  x86 = await loadSlabinfo(fixture('x86_64-slub.slabinfo.gz'))
  arm64 = await loadSlabinfo(fixture('arm64-slab.slabinfo.gz'))
})

plots['growth-x86_64'] = () => plotGrowth(x86)
plots['growth-arm64'] = () => plotGrowth(arm64)
plots['growth-one-cache'] = () => plotGrowth(x86, { cache: 'kmalloc-cg-32' })
plots['growth-three-caches'] = () => plotGrowth(x86, { cache: ['filp', 'task_struct', 'mm_struct'] })
plots['growth-without-times'] = () => plotGrowth(arm64.select('snapshot', 'cache', 'bytes'))
plots['growers-x86_64'] = () => plotTopGrowers(growth(x86))
plots['growers-arm64'] = () => plotTopGrowers(growth(arm64))
plots['compare-reference'] = async () => plotCompare(compare(await loadSlabinfo(`${reference}/healthy.slabinfo`), await loadSlabinfo(`${reference}/leaking.slabinfo`)))
plots['compare-x86_64'] = () => plotCompare(compare(x86))
plots['signatures-reference'] = async () => plotSignatures(signatures(await openDump(`${reference}/session.crash.txt`)))
plots['signatures-arm64'] = () => plotSignatures(fixtureTable('arm64-slab.signatures.json'))
plots['signatures-x86_64'] = () => plotSignatures(fixtureTable('x86_64-slub.signatures.json'))
plots['occupancy-arm64'] = () => plotOccupancy(fixtureSlabs('arm64-slab.slabs.json'), { cache: 'kmalloc-128' })
plots['occupancy-x86_64'] = () => plotOccupancy(fixtureSlabs('x86_64-slub.slabs.json'))
plots['fragmentation-x86_64'] = () => plotFragmentation(fixtureTable('x86_64-slub.caches.json'))

describe.each(Object.keys(plots))('%s', (name) => {
  test('as SVG, PNG and text', async () => {
    const specification = await plots[name]()
    // Plain JSON: what is written to a file and read again is the same plot.
    expect(JSON.parse(JSON.stringify(specification))).toEqual(specification)
    const svg = await renderSvg(specification)
    await expect(svg).toMatchFileSnapshot(path.join(gallery, `${name}.svg`))
    await expect(await renderText(specification)).toMatchFileSnapshot(path.join(gallery, `${name}.txt`))
    expectImage(path.join(gallery, `${name}.png`), (await svgToPng(svg)).bytes)
  })
})
