import { UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'

export const kernel: Command = {
  name: 'kernel',
  usage: 'install|uninstall [--user | --sys-prefix | --prefix DIR]',
  summary: 'TypeScript notebooks in Jupyter, with slablab in scope',
  text: `Writes a kernelspec for JupyterLab, the classic notebook, VS Code, jupyter console and nbconvert, or removes it.
The kernel runs from where slablab is installed now, with the Node.js that runs this command: install again after either moved.`,
  example: `slablab kernel install
jupyter lab
jupyter nbconvert --execute --to html case.ipynb`,
  options: {
    user: { type: 'boolean', text: 'for this user (the default)' },
    'sys-prefix': { type: 'boolean', text: 'for all users of the Jupyter that is on PATH: into its environment' },
    prefix: { type: 'string', value: 'DIR', text: 'into DIR/share/jupyter/kernels' }
  },
  async run({ positionals: [action, ...rest], options }, terminal) {
    if ((action !== 'install' && action !== 'uninstall') || rest.length > 0) throw new UsageError('expected install or uninstall; slablab kernel --help shows what fits')
    const { displayName, findJupyter, installKernelspec, uninstallKernelspec } = await import('../../jupyter/kernelspec.js')
    const place = { user: options.user === true, sysPrefix: options['sys-prefix'] === true, ...typeof options.prefix === 'string' ? { prefix: options.prefix } : {} }
    if (action === 'uninstall') {
      terminal.out(`removed ${uninstallKernelspec(place, process.env)}\n`)
      return
    }
    terminal.out(`installed the kernel "${displayName}" in ${await installKernelspec(place, process.env)}\n`)
    if (findJupyter(process.env) === null) {
      terminal.err('no Jupyter was found on PATH: the kernel is ready for one that is installed later (pip install jupyterlab), and for the Jupyter extension of VS Code\n')
    }
  }
}
