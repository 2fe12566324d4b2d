/**
 * What is told of a connection while somebody listens: by its driver, and by the socket that it handed over, whose
 * bytes pass by the driver then.
 */
import { IOVec } from '../buffer/iovec.js'
import type { DriverHost } from './driver-host.js'
import type { SocketWatcher } from './transport.js'

/** Tells of what the loops do. */
export class Telling {
  protected readonly host: DriverHost

  constructor(host: DriverHost) {
    this.host = host
  }

  get isObserved(): boolean {
    return this.host.isObserved
  }

  tell(type: 'readerYield' | 'readerResume' | 'writerYield' | 'writerResume' | 'pause' | 'resume'): void {
    if (this.host.isObserved) this.host.emit({ type })
  }

  writeWaits(count: number): void {
    if (this.host.isObserved) this.host.emit({ type: 'writeWaits', count })
  }
}

/** Tells of a socket that was handed over. */
export class SocketTelling extends Telling implements SocketWatcher {
  bytesIn(bytes: Uint8Array): void {
    if (this.isObserved) this.host.emit({ type: 'bytesIn', count: bytes.length, bytes })
  }

  inputEnded(): void {
    if (this.isObserved) this.host.emit({ type: 'inputEnd' })
  }

  bytesOut(bytes: Uint8Array): void {
    const iovecs = [IOVec.create(bytes)]
    if (this.isObserved) this.host.emit({ type: 'bytesOut', count: bytes.length, iovecs })
  }
}
