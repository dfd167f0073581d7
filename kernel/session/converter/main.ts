import { parentPort, workerData } from 'node:worker_threads'
import { complete } from './complete.js'
import { convert } from './convert.js'
import { inspect } from './inspect.js'
import { isComplete } from './isComplete.js'
import type { Conversion, ConverterCall, ConverterCalls, ConverterOptions, ConverterReply, ConverterRequest } from './messages.js'
import { prelude } from './prelude.js'
import { loadTslab } from './tslab.js'

// The thread that holds the compiler: questions come in order, answers go back in order.
const options = workerData as ConverterOptions
const tslab = loadTslab(options)
const first = prelude(tslab.compiler, options.libraryTypes, options.globalTypes)

/** The library's declarations take as long to read as everything else: a first cell that names nothing of it does not wait for them. */
let isWarm = false
const names = new Set(first.match(/[\p{ID_Continue}$]+/gu))

function convertCell(declarations: string, code: string): Conversion {
  if (isWarm || declarations !== first || code.match(/[\p{ID_Continue}$]+/gu)?.some((word) => names.has(word) && !isKeyword.test(word))) {
    isWarm = true
    return convert(tslab, declarations, code)
  }
  const conversion = convert(tslab, '', code)
  if (conversion.ok) return { ok: true, cell: { ...conversion.cell, declarations: conversion.cell.declarations + first } }
  isWarm = true
  return convert(tslab, declarations, code)
}

const isKeyword = /^(import|from)$/

const answers: { [call in ConverterCall]: (...args: ConverterCalls[call]['args']) => ConverterCalls[call]['result'] } = {
  prelude: () => first,
  convert: convertCell,
  complete: (...args) => complete(tslab, ...args),
  inspect: (...args) => inspect(tslab, ...args),
  isComplete: (code) => isComplete(tslab.compiler, code)
}

parentPort!.on('message', ({ id, call, args }: ConverterRequest) => {
  let reply: ConverterReply
  try {
    reply = { id, result: (answers[call] as (...args: readonly unknown[]) => unknown)(...args) }
  } catch (error) {
    reply = { id, error: (error as Error).stack ?? String(error) }
  }
  parentPort!.postMessage(reply)
})

// When nothing was asked yet, or after the first cell.
setTimeout(function warm() {
  if (!isWarm) convert(tslab, first, '')
  isWarm = true
}, 50)
