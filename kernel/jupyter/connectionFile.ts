import { readFileSync } from 'node:fs'

/** What a front end writes for the kernel that it starts. */
export interface Connection {
  readonly transport: string
  readonly ip: string
  readonly shell_port: number
  readonly control_port: number
  readonly iopub_port: number
  readonly stdin_port: number
  readonly hb_port: number
  readonly key: string
}

const signatureScheme = 'hmac-sha256'

/** @throws Error that says what is missing */
export function readConnectionFile(file: string): Connection {
  const content = JSON.parse(readFileSync(file, 'utf8')) as Partial<Connection> & { readonly signature_scheme?: string }
  for (const name of ['shell_port', 'control_port', 'iopub_port', 'stdin_port', 'hb_port'] as const) {
    if (!Number.isInteger(content[name])) throw new Error(`${file}: expected a number as ${name}, found ${JSON.stringify(content[name])}`)
  }
  const scheme = content.signature_scheme ?? signatureScheme
  if (scheme !== signatureScheme) throw new Error(`${file}: signature_scheme ${scheme} is not known: only ${signatureScheme} is`)
  return { transport: 'tcp', ip: '127.0.0.1', key: '', ...content } as Connection
}

/** Where a socket is bound. */
export function endpoint({ transport, ip }: Connection, port: number): string {
  return transport === 'ipc' ? `ipc://${ip}-${port}` : `${transport}://${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}
