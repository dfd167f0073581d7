import type { Command } from '../command.js'
import { caches } from './caches.js'
import { compare } from './compare.js'
import { crashScript } from './crashScript.js'
import { file } from './file.js'
import { growth } from './growth.js'
import { newCommand } from './new.js'
import { kernel } from './kernel.js'
import { objects } from './objects.js'
import { owners } from './owners.js'
import { plot } from './plot.js'
import { reachability } from './reachability.js'
import { read } from './read.js'
import { references } from './references.js'
import { repl } from './repl.js'
import { report } from './report.js'
import { run } from './run.js'
import { signatures } from './signatures.js'
import { stacks } from './stacks.js'
import { start } from './start.js'
import { struct } from './struct.js'
import { suspects } from './suspects.js'
import { symbol } from './symbol.js'
import { types } from './types.js'
import { watch } from './watch.js'
import { whatis } from './whatis.js'

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  caches,
  compare,
  crashScript,
  file,
  growth,
  newCommand,
  kernel,
  objects,
  owners,
  plot,
  reachability,
  read,
  references,
  repl,
  report,
  run,
  signatures,
  stacks,
  start,
  struct,
  suspects,
  symbol,
  types,
  watch,
  whatis
]
