// What the benches measure: the built services and libraries (dist), not their sources. `npm run bench` builds first.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const chain = require('@audital/chain/write');
export const { sha256, verifyEd25519 } = require('@audital/chain/node');
export const contracts = require('@audital/contracts');
export const ledgers = require('@audital/ledger');

export const requireBuilt = require;

/** A built file of an app: apps export nothing, and a bench looks inside. */
export const ofApp = (app, file) => require(`../../apps/${app}/dist/${file}.js`);
