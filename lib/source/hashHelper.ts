import { parentPort, workerData } from 'node:worker_threads'
import { hashFile } from './fileHash.js'

// A thread beside the one that looks into the file.
parentPort?.postMessage(hashFile(workerData as string))
