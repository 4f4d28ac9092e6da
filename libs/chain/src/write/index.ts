export { concat, equalBytes, fromBase64, fromHex, fromUtf8, toBase64, toHex, utf8 } from '../format/bytes';
export type { Sha256 } from '../format/bytes';
export {
  canonicalBytes,
  checkPayload,
  inCanonicalOrder,
  DEPTH_MAX,
  PAYLOAD_BYTES_MAX,
  payloadBytes,
  Uncanonical,
} from '../format/canonical';
export { checkpointText, noteKeyId, parseCheckpoint, parseVkey, vkeyOf } from '../format/note';
export type { Checkpoint, NoteKey } from '../format/note';
export {
  hashBytes,
  hashText,
  leafHash,
  nodeHash,
  payloadHash,
  RECORD_BYTES_MAX,
  RECORD_VERSION,
  recordProblem,
  ZERO_HASH,
} from '../format/record';
export type { ChainRecord } from '../format/record';
export { HASH_BYTES, parseTilePath, TILE_WIDTH, tilePath } from '../format/tiles';
export type { ReadTile } from '../format/tiles';
export { exportLine, exportTrailer } from './export';
export type { ExportTrailer } from './export';
export { signNote, tlogProofText } from './note';
export type { NoteSigner } from './note';
export { sealRecord, UnsealableRecord } from './record';
export { appendToTiles, entryBundle, MissingTile, TiledTree } from './tiles';
export type { TileStore } from './tiles';
export { appendLeaf, emptyTree, growTree, treeRoot } from './tree';
export type { Tree } from './tree';
