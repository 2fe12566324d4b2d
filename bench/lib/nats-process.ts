/**
 * One process of a `NatsHub`, without clients: `node nats-process.js <url> <events>`. It reports when it listens, and
 * when it has received that many events.
 */
import { take } from 'rxjs'
import { NatsHub } from 'httprx/hub/nats'

const [url, count] = process.argv.slice(2)
const hub = await NatsHub.connect({ connection: { servers: url }, stream: 'BENCH', subject: 'bench' })
process.on('disconnect', () => process.exit())
hub.subscribe().pipe(take(Number(count))).subscribe({ complete: () => { process.send?.({ cpu: process.cpuUsage() }) } })
process.send?.({ listens: true })
