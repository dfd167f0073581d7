import type { Command } from '../command.js'
import { read } from './read.js'
import { symbol } from './symbol.js'

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  read,
  symbol
]
