import { TILE_WIDTH } from '@audital/chain/check';

/** How many hashes tile `n` of a level has in a tree of `size`: 0 when there is none. Entry bundles are as wide as level 0. */
export function tileWidth(size: number, level: number | 'entries', n: number): number {
  const nodes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.min(TILE_WIDTH, Math.max(0, nodes - n * TILE_WIDTH));
}
