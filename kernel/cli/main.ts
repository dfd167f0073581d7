#!/usr/bin/env node
import { optimizeLess } from '../session/optimizeLess.js'

optimizeLess()
const [{ run }, { processTerminal }] = await Promise.all([import('./run.js'), import('./terminal.js')])
process.exitCode = await run(process.argv.slice(2), processTerminal())
