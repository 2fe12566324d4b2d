/**
 * Real proxies in front of a server: Debian's nginx and haproxy, each in a folder of its own, listening on a Unix
 * socket there. They keep their connections to the server alive and share them among all clients, which is what makes
 * a disagreement about framing dangerous. Each request that a proxy forwards carries the proxy's mark: a secret that no
 * client knows, a number that is there once, and the method and the target as the proxy understood them.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Client } from '../helpers/net.js'

/** How a proxy is started: its program, the words behind it, and its configuration. */
export interface ProxyKind {
  readonly name: string
  readonly program: string
  readonly words: readonly string[]
  readonly configuration: (place: ProxyPlace) => string
}

/** What a configuration needs to know. */
export interface ProxyPlace {
  /** The socket that the proxy listens on. */
  readonly front: string
  /** The port of the server behind it, on 127.0.0.1. */
  readonly port: number
  readonly secret: string
  readonly folder: string
}

/** The field that has the mark: `secret number method target`. */
export const MARK = 'x-proxy-mark'

/** What nginx keeps in folders. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

function nginx(name: string, settings: string): ProxyKind {
  return {
    name,
    program: '/usr/sbin/nginx',
    words: ['-e', 'stderr', '-c'],
    configuration: ({ front, port, secret, folder }) => `
      daemon off;
      master_process off;
      pid ${folder}/nginx.pid;
      error_log ${folder}/errors.log;
      events { worker_connections 200; }
      http {
        access_log off;
        ${TEMPORARY.map(use => `${use}_temp_path ${folder}/${use};`).join(' ')}
        upstream behind { server 127.0.0.1:${port}; keepalive 8; }
        server {
          listen unix:${front};
          client_header_timeout 2s;
          client_body_timeout 2s;
          client_max_body_size 0;
          lingering_close off;
          proxy_read_timeout 2s;
          proxy_ignore_client_abort on;
          ${settings}
          location / {
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header ${MARK} "${secret} $request_id $request_method $request_uri";
            proxy_next_upstream off;
          }
        }
      }`,
  }
}

function haproxy(name: string, settings: string): ProxyKind {
  return {
    name,
    program: '/usr/sbin/haproxy',
    words: ['-db', '-q', '-f'],
    configuration: ({ front, port, secret }) => `
      global
        maxconn 200
        nbthread 1
      defaults
        mode http
        timeout connect 2s
        timeout client 2s
        timeout server 2s
        retries 0
      frontend front
        bind unix@${front}
        ${settings}
        http-request set-header ${MARK} "${secret} %[uuid()] %[method] %[url]"
        default_backend behind
      backend behind
        http-reuse always
        server one 127.0.0.1:${port}\n`,
  }
}

/** Each proxy as it comes, and as lenient and as direct as it can be made. */
export const PROXIES: readonly ProxyKind[] = [
  nginx('nginx', ''),
  nginx('nginx, unbuffered and lenient', `
    proxy_request_buffering off; ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;`),
  haproxy('haproxy', ''),
  haproxy('haproxy, lenient', 'option accept-invalid-http-request'),
]

/** A proxy that listens. */
export class Proxy {
  readonly secret: string
  private readonly folder: string
  private readonly front: string
  private readonly child: ChildProcess
  private complaint: string

  /** Starts a proxy in front of the server with this port. It listens when this is fulfilled. */
  static async start(kind: ProxyKind, port: number): Promise<Proxy> {
    if (!existsSync(kind.program)) throw new Error(`${kind.program} is missing: apt-get install nginx-light haproxy`)
    const proxy = new Proxy(kind, port)
    await proxy.listening()
    return proxy
  }

  private constructor({ program, words, configuration }: ProxyKind, port: number) {
    this.secret = randomBytes(16).toString('hex')
    this.folder = mkdtempSync(join(tmpdir(), 'httprx-proxy-'))
    this.front = join(this.folder, 'front.sock')
    const file = join(this.folder, 'proxy.conf')
    writeFileSync(file, configuration({ front: this.front, folder: this.folder, secret: this.secret, port }))
    this.complaint = ''
    this.child = spawn(program, [...words, file], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.complaint += text })
  }

  /** A client of the proxy. */
  async connect(): Promise<Client> {
    const client = new Client(connectSocket({ path: this.front, allowHalfOpen: true }))
    await once(client.socket, 'connect')
    return client
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const end = once(this.child, 'exit')
      this.child.kill('SIGKILL')
      await end
    }
    rmSync(this.folder, { recursive: true })
  }

  /** Asks again and again whether the proxy takes connections: nothing says when it begins to. */
  private async listening(): Promise<void> {
    while (!await this.takesConnections()) {
      if (this.child.exitCode !== null) throw new Error(`the proxy ended: ${this.complaint}`)
      await setImmediate()
    }
  }

  private async takesConnections(): Promise<boolean> {
    const socket = connectSocket({ path: this.front })
    const answer = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    return answer
  }
}
