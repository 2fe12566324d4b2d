/**
 * Tests that must fail, and their messages: both diagrams under each other, the frame, and the values.
 */
import { describe, expect, it } from '@jest/globals'
import { of } from 'rxjs'
import { get, like, MarbleError, marbles, type MarbleHelpers } from '../../lib/testing/index.js'

const HEAD = get('/')

/** The message of a test that fails. */
function messageOf(test: (helpers: MarbleHelpers) => void): string {
  try {
    marbles(test)
  } catch (error) {
    expect(error).toBeInstanceOf(MarbleError)
    return (error as Error).message
  }
  throw new Error('the test passed')
}

function lines(...text: string[]): string {
  return text.join('\n')
}

describe('a failed expectation', () => {
  it('shows a byte that differs', () => {
    expect(messageOf(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hello' })).connect('--a', { a: HEAD })
      expectObservable(client.responses$).toBe('--r 65998ms |', { r: like({ body: 'hallo' }) })
    })).toBe(lines(
      'client 1, responses$: not as expected at frame 2',
      '',
      '  expected  --r 65997ms -|',
      '  actual    --A 65997ms |',
      "              ^ frame 2: r differs: .body: expected 'hallo', received 'hello'",
      '',
      "  r = like { body: 'hallo' }",
      '  A = 200 OK "hello" {"date":"Thu, 01 Jan 1970 00:00:00 GMT","content-length":"5"} (came)',
    ))
  })

  it('shows a notification that came too late', () => {
    expect(messageOf(({ cold, expectObservable }) => {
      expectObservable(cold('--a--b---c|')).toBe('--a--b--c|')
    })).toBe(lines(
      'the Observable: not as expected at frame 8',
      '',
      '  expected  --a--b--c|',
      '  actual    --a--b---c|',
      '                    ^ frame 8: expected c at frame 8, it came at 9',
    ))
  })

  it('shows a missing unsubscription', () => {
    expect(messageOf(({ serve, cold, expectSubscriptions }) => {
      const source$ = cold('x')
      serve(() => ({ body: source$ }), { keepAliveTimeout: 0 }).connect('-a', { a: HEAD })
      expectSubscriptions(source$.subscriptions).toBe('-^---!')
    })).toBe(lines(
      'the subscriptions: not as expected at frame 5',
      '',
      '  expected  -^---!',
      '  actual    -^----',
      '                 ^ frame 5: expected an unsubscription, which never came',
    ))
  })

  it('shows a missing and an unexpected subscription', () => {
    expect(messageOf(({ cold, expectSubscriptions }) => {
      const source$ = cold('x')
      source$.subscribe()
      expectSubscriptions(source$.subscriptions).toBe([])
      expectSubscriptions(cold('y').subscriptions).toBe(['^'])
    })).toBe(lines(
      'the subscriptions: not as expected at frame 0',
      '',
      '  expected  -',
      '  actual    ^',
      '            ^ frame 0: a subscription came, and nothing more was expected',
      '',
      'the subscriptions: not as expected at frame 0',
      '',
      '  expected  ^',
      '  actual    -',
      '            ^ frame 0: expected a subscription, which never came',
    ))
  })

  it('names the notification that came in place of another', () => {
    expect(messageOf(({ cold, expectObservable }) => {
      expectObservable(cold('-a|')).toBe('-a#')
      expectObservable(cold('-a#')).toBe('-a')
      expectObservable(cold('-a')).toBe('-ab')
      expectObservable(cold('-a---b')).toBe('-a-b')
      expectObservable(cold('-a-b')).toBe('-a---|')
      expectObservable(cold('#', {}, new Error('one'))).toBe('#', {}, new Error('other'))
    })).toBe(lines(
      'the Observable: not as expected at frame 2', '', '  expected  -a#', '  actual    -a|',
      '              ^ frame 2: expected an error, the completion came',
      '',
      'the Observable: not as expected at frame 2', '', '  expected  -a-', '  actual    -a#',
      '              ^ frame 2: an error came, and nothing more was expected',
      '',
      'the Observable: not as expected at frame 2', '', '  expected  -ab', '  actual    -a-',
      '              ^ frame 2: expected b, which never came',
      '',
      'the Observable: not as expected at frame 3', '', '  expected  -a-b--', '  actual    -a---b',
      '               ^ frame 3: expected b at frame 3, it came at 5',
      '',
      'the Observable: not as expected at frame 3', '', '  expected  -a---|', '  actual    -a-A--',
      '               ^ frame 3: A came, unexpected',
      '', "  A = 'b' (came)",
      '',
      'the Observable: not as expected at frame 0', '', '  expected  #', '  actual    #',
      '            ^ frame 0: # differs: .message: expected \'other\', received \'one\'',
    ))
  })

  it('keeps frames aligned after groups, and shortens long times', () => {
    expect(messageOf(({ cold, expectObservable }) => {
      expectObservable(cold('(ab)-c 2s d')).toBe('(ab)-c 2001ms d')
      expectObservable(of('x', 'y', 'z')).toBe('(xyz)')
    })).toBe(lines(
      'the Observable: not as expected at frame 2006',
      '',
      '  expected  (ab)-c 2s -d',
      '  actual    (ab)-c 2s d-',
      '                      ^ frame 2006: expected d at frame 2007, it came at 2006',
      '',
      'the Observable: not as expected at frame 0',
      '',
      '  expected  (xyz)-',
      '  actual    (xyz|)',
      '            ^ frame 0: the completion came, and nothing more was expected',
    ))
  })

  it('adds the errors that the server reported, and the requests without a response', () => {
    const message = messageOf(({ serve, listen, expectObservable }) => {
      const client = serve(() => { throw new TypeError('that is no number') }).connect('a', { a: HEAD })
      expectObservable(client.responses$).toBe('')
      const waiting = listen()
      waiting.connections$.subscribe(connection => { connection.requests$.subscribe() })
      waiting.connect('a', { a: get('/wait') })
    })
    expect(message).toContain('The server reported TypeError: that is no number')
    expect(message).toContain('Nobody answered GET /wait')
  })

  it('points to the line of the expectation', () => {
    try {
      marbles(({ expectObservable }) => { expectObservable(of(1)).toBe('|') })
    } catch (error) {
      expect((error as Error).stack?.split('\n').find(line => /^ +at /.test(line))).toContain('expectations.spec.ts')
    }
    expect.assertions(1)
  })
})

describe('an expectation that could hold by mistake', () => {
  it('fails if it has no diagram', () => {
    expect(messageOf(({ expectObservable }) => { expectObservable(of(1)) }))
      .toBe('expectObservable(the Observable) has no toBe')
    expect(messageOf(({ expectSubscriptions }) => { expectSubscriptions([]) })).toBe('expectSubscriptions has no toBe')
  })

  it('fails if a letter has no value', () => {
    expect(messageOf(({ expectObservable }) => { expectObservable(of(1)).toBe('(ab|)', { a: 1 }) }))
      .toBe("b in '(ab|)' has no value")
  })
})

describe('expectObservable', () => {
  it('compares an Observable with another', () => {
    marbles(({ cold, expectObservable }) => { expectObservable(cold('-a-(b|)')).toEqual(cold('-a-(b|)')) })
    expect(messageOf(({ cold, expectObservable }) => { expectObservable(cold('-a-b')).toEqual(cold('-a-#')) }))
      .toContain('frame 3: expected an error, A came')
  })

  it('subscribes and unsubscribes as its second diagram says', () => {
    marbles(({ hot, expectObservable }) => { expectObservable(hot('a-b-c-d'), '-^--!').toBe('--b-') })
  })

  it('accepts any error for `#` unless one is given', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('#', {}, new Error('one'))).toBe('#')
      expectObservable(cold('#', {}, new Error('one'))).toBe('#', {}, new Error('one'))
    })
  })
})
