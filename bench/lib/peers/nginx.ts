/**
 * nginx with one worker, answering itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { externalCpu, startExternal } from '../external.js'
import { GREETING } from '../scenario.js'

const folder = mkdtempSync(join(tmpdir(), 'httprx-nginx-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function configuration(port: number): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const places = kinds.map(kind => `${kind}_temp_path ${folder}/${kind};`)
  return `
    daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
    events { worker_connections 4096; }
    http {
      access_log off; keepalive_requests 1000000000; ${places.join(' ')}
      server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "${GREETING}"; } }
    }`
}

export function start(): Promise<number> {
  const path = join(folder, 'nginx.conf')
  return startExternal('nginx', port => {
    writeFileSync(path, configuration(port))
    return ['-p', folder, '-c', path, '-e', 'stderr']
  })
}

export { externalCpu as cpu }
