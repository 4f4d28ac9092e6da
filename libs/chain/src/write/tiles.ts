import { concat, type Sha256 } from '../format/bytes';
import { nodeHash } from '../format/record';
import { HASH_BYTES, isPowerOfTwo, type ReadTile, TILE_WIDTH } from '../format/tiles';

const TILE_HEIGHT = 8;

export interface TileStore {
  get: ReadTile;
  set(level: number, n: number, hashes: Uint8Array): void;
}

/** Adds leaves to the tiles of a tree of `size`; a tile that became full puts its root into the level above. */
export function appendToTiles(sha256: Sha256, store: TileStore, size: number, leaves: Uint8Array[]): void {
  appendLevel({ sha256, store, level: 0 }, size, leaves);
}

function appendLevel(
  at: { sha256: Sha256; store: TileStore; level: number },
  size: number,
  hashes: Uint8Array[],
): void {
  const roots: Uint8Array[] = [];
  let next = size;
  for (let taken = 0; taken < hashes.length;) {
    const n = Math.floor(next / TILE_WIDTH);
    const width = next % TILE_WIDTH;
    const fresh = hashes.slice(taken, taken + TILE_WIDTH - width);
    const before =
      width === 0 ? new Uint8Array(0) : (at.store.get(at.level, n) ?? new Uint8Array(0)).slice(0, width * HASH_BYTES);
    const tile = concat(before, ...fresh);
    at.store.set(at.level, n, tile);
    if (tile.length === TILE_WIDTH * HASH_BYTES) roots.push(perfectRoot(at.sha256, split(tile)));
    taken += fresh.length;
    next += fresh.length;
  }
  if (roots.length > 0) appendLevel({ ...at, level: at.level + 1 }, Math.floor(size / TILE_WIDTH), roots);
}

const split = (tile: Uint8Array): Uint8Array[] =>
  Array.from({ length: tile.length / HASH_BYTES }, (_, index) =>
    tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );

function perfectRoot(sha256: Sha256, hashes: Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      nodeHash(sha256, row[2 * i] as Uint8Array, row[2 * i + 1] as Uint8Array),
    );
  return row[0] as Uint8Array;
}

/** The tiles do not hold what the tree's size says they must. */
export class MissingTile extends Error {
  override readonly name = 'MissingTile';
  constructor(level: number, n: number) {
    super(`Tile ${level}/${n} is missing or too short.`);
  }
}

/** A tree whose hashes are read from tiles: roots and proofs at any size up to the one that was appended. */
export class TiledTree {
  constructor(
    private readonly sha256: Sha256,
    private readonly readTile: ReadTile,
  ) {}

  leaf(index: number): Uint8Array {
    return this.perfect(index, 0);
  }

  root(size: number): Uint8Array {
    return size === 0 ? this.sha256(new Uint8Array(0)) : this.range(0, size);
  }

  /** The roots of the perfect subtrees that cover the first `size` leaves, largest first: what a walk from there on starts with. */
  compactRange(size: number): Uint8Array[] {
    const hashes: Uint8Array[] = [];
    for (let start = 0; start < size;) {
      const rest = size - start;
      const half = isPowerOfTwo(rest) ? rest : splitPoint(rest);
      hashes.push(this.range(start, half));
      start += half;
    }
    return hashes;
  }

  /** RFC 6962 §2.1.1, from the leaf's sibling up. */
  inclusionProof(index: number, size: number): Uint8Array[] {
    if (!(index >= 0 && index < size)) throw new RangeError(`Leaf ${index} is not in a tree of ${size}.`);
    return this.path(index, 0, size);
  }

  /** RFC 6962 §2.1.2; empty when the sizes are equal. */
  consistencyProof(from: number, to: number): Uint8Array[] {
    if (!(from > 0 && from <= to)) throw new RangeError(`There is no consistency proof from ${from} to ${to}.`);
    return this.subproof(from, { start: 0, size: to, whole: true });
  }

  private path(index: number, start: number, size: number): Uint8Array[] {
    if (size === 1) return [];
    const half = splitPoint(size);
    return index < half
      ? [...this.path(index, start, half), this.range(start + half, size - half)]
      : [...this.path(index - half, start + half, size - half), this.range(start, half)];
  }

  private subproof(from: number, at: { start: number; size: number; whole: boolean }): Uint8Array[] {
    const { start, size, whole } = at;
    if (from === size) return whole ? [] : [this.range(start, size)];
    const half = splitPoint(size);
    return from <= half
      ? [...this.subproof(from, { start, size: half, whole }), this.range(start + half, size - half)]
      : [
          ...this.subproof(from - half, { start: start + half, size: size - half, whole: false }),
          this.range(start, half),
        ];
  }

  private range(start: number, size: number): Uint8Array {
    if (isPowerOfTwo(size)) return this.perfect(start, Math.round(Math.log2(size)));
    const half = splitPoint(size);
    return nodeHash(this.sha256, this.range(start, half), this.range(start + half, size - half));
  }

  /** The root of 2^height leaves; `start` is a multiple of that, so they lie in one tile of their level. */
  private perfect(start: number, height: number): Uint8Array {
    const level = Math.floor(height / TILE_HEIGHT);
    const first = Math.floor(start / TILE_WIDTH ** level);
    const count = 2 ** (height % TILE_HEIGHT);
    const n = Math.floor(first / TILE_WIDTH);
    const from = (first % TILE_WIDTH) * HASH_BYTES;
    const hashes = this.readTile(level, n)?.subarray(from, from + count * HASH_BYTES);
    if (hashes?.length !== count * HASH_BYTES) throw new MissingTile(level, n);
    return perfectRoot(this.sha256, split(hashes));
  }
}

/** The largest power of two below `size`. */
function splitPoint(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/** tlog-tiles entry bundle: each record behind its length in two bytes, big-endian. */
export function entryBundle(records: Uint8Array[]): Uint8Array {
  return concat(...records.flatMap((record) => [Uint8Array.of(record.length >> 8, record.length & 255), record]));
}
