import type { Cell, Notebook, Output, OutputData } from './notebook.js'

const version = { nbformat: 4, nbformat_minor: 5 }
/** Besides `text/…`, what Jupyter writes as lists of lines. */
const lineTypes = new Set(['application/javascript', 'image/svg+xml'])

/**
 * The notebook as a file: keys in order, one space of indentation, texts as lists of lines. Jupyter writes the same bytes, so that a
 * notebook which is opened and saved there does not change.
 *
 * @example writeNotebook({ cells: [], metadata: {} }) // '{\n "cells": [],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
 */
export function writeNotebook({ cells, metadata }: Notebook): string {
  return `${json({ cells: cells.map(cellFields), metadata, ...version }, '')}\n`
}

function cellFields(cell: Cell): Record<string, unknown> {
  const { id, metadata, source } = cell
  const common = { cell_type: cell.cell_type, id, metadata, source: linesOf(source) }
  if (cell.cell_type === 'code') return { ...common, execution_count: cell.execution_count, outputs: cell.outputs.map(outputFields) }
  if (cell.attachments === undefined) return common
  return { ...common, attachments: Object.fromEntries(Object.entries(cell.attachments).map(([file, data]) => [file, bundleFields(data)])) }
}

function outputFields(output: Output): Record<string, unknown> {
  if (output.output_type === 'stream') return { ...output, text: linesOf(output.text) }
  if (output.output_type === 'error') return { ...output }
  return { ...output, data: bundleFields(output.data) }
}

function bundleFields(data: OutputData): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([mimeType, value]) =>
    [mimeType, typeof value === 'string' && (mimeType.startsWith('text/') || lineTypes.has(mimeType)) ? linesOf(value) : value]))
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}

/** JSON.stringify leaves the order of keys to how an object was made, and puts those that look like numbers first. */
function json(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = `${indent} `
  const parts = Array.isArray(value)
    ? value.map((item) => json(item, inner))
    : Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => `${JSON.stringify(key)}: ${json(item, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return parts.length === 0 ? `${open}${close}` : `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`
}
