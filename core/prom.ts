/** prom-client file by file: its index loads a push gateway, a cluster, digests and all of OpenTelemetry's API. */
import { createRequire } from 'node:module';
import type * as prom from 'prom-client';

const require = createRequire(import.meta.url);

export type Counter<Labels extends string> = prom.Counter<Labels>;
export type Gauge<Labels extends string> = prom.Gauge<Labels>;
export type Histogram<Labels extends string> = prom.Histogram<Labels>;
export type Registry = prom.Registry;

export const Counter = require('prom-client/lib/counter') as typeof prom.Counter;
export const Gauge = require('prom-client/lib/gauge') as typeof prom.Gauge;
export const Histogram = require('prom-client/lib/histogram') as typeof prom.Histogram;
export const Registry = require('prom-client/lib/registry') as typeof prom.Registry;

/** Adds what it measures of the process to a registry. */
type Collector = (registry: Registry) => void;

/** One of its files about the process. Some watch from then on. */
export const collector = (name: string): Collector => require(`prom-client/lib/metrics/${name}`) as Collector;

/** Loads the cluster too. */
export const aggregate = (states: prom.MetricObjectWithValues<prom.MetricValue<string>>[][]): Registry =>
  (require('prom-client/lib/cluster') as typeof prom.AggregatorRegistry).aggregate(states);
