import inspector from 'node:inspector'
import net from 'node:net'
import { descriptors } from './messages.js'

// A thread beside the one that runs cells: it stops a loop there that SIGINT can't, and ends the process when its session is gone.
const socket = new net.Socket({ fd: descriptors.watchdog, readable: true, writable: false })
socket.on('data', terminate)
for (const event of ['error', 'end', 'close']) socket.on(event, () => process.kill(process.pid, 'SIGKILL'))
socket.resume()

/** Connected only for this: a process that ends while a debugger is connected waits for it, and says so. */
function terminate(): void {
  const session = new inspector.Session()
  session.connectToMainThread()
  session.post('Runtime.terminateExecution', () => session.disconnect())
}
