/**
 * The handler under test: the time of day, once a second, for as long as the client stays.
 */
const { interval, map } = require('rxjs')

exports.clock = () => ({ body: interval(1000).pipe(map(second => `${second + 1} s\n`)) })
