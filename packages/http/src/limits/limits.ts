import type { RateRule } from './rate-limit.ts'

/** Every bound of a server. Sizes are bytes, times are milliseconds. */
export interface HttpLimits {
  /** The largest body; a route's `bodyLimit` overrides it. */
  readonly bodyBytes: number
  /** How long a body may take to arrive. */
  readonly bodyMs: number
  /** Path and query together. */
  readonly urlBytes: number
  /** The request line and all headers together. */
  readonly headerBytes: number
  readonly headerCount: number
  /** How long the headers may take to arrive. */
  readonly headersMs: number
  /** How long an answer may stand still because its client does not read on; the connection is closed then. */
  readonly answerStallMs: number
  /** How long a connection may be idle between requests. */
  readonly keepAliveMs: number
  /** Connections at once; more are closed as they come. */
  readonly connections: number
  /** How deep arrays and objects may be nested within a JSON body. */
  readonly jsonDepth: number
  /** How many values, of any kind, a JSON body may hold. */
  readonly jsonNodes: number
  /** The time until the deadline in the work's context. */
  readonly requestMs: number
  /** Requests at once; more are answered 503. */
  readonly maxInFlight: number
  /** Streams of events that are open at once, beside those requests; more are answered 503. */
  readonly eventStreams: number
  /** Of these, streams of one account, or of one client address that is not signed in; more are answered 429. */
  readonly eventStreamsPerClient: number
  /** Requests are answered 503 while the event loop runs later than this. */
  readonly eventLoopDelayMs: number
  /** Requests of one client address (an IPv6 network of /64); null for no limit. */
  readonly clientRate: RateRule | null
  /** Requests of one account; null for no limit. */
  readonly accountRate: RateRule | null
  /** How many clients, and how many accounts, the rate limits remember. */
  readonly rateKeys: number
  /** How long requests in flight may take to finish when the server stops. */
  readonly drainMs: number
  /** How long, when the server stops, a body that is still arriving may stand still. */
  readonly drainBodyMs: number
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 1_048_576,
  bodyMs: 10_000,
  urlBytes: 8_192,
  headerBytes: 16_384,
  headerCount: 100,
  headersMs: 10_000,
  answerStallMs: 60_000,
  // Longer than the idle timeout of the usual load balancers, so that they close first and not into a request.
  keepAliveMs: 72_000,
  connections: 10_000,
  jsonDepth: 32,
  jsonNodes: 10_000,
  requestMs: 10_000,
  maxInFlight: 1_000,
  eventStreams: 2_000,
  eventStreamsPerClient: 50,
  eventLoopDelayMs: 200,
  clientRate: { burst: 1_000, perMinute: 6_000 },
  accountRate: { burst: 500, perMinute: 3_000 },
  rateKeys: 50_000,
  drainMs: 10_000,
  drainBodyMs: 1_000,
}
