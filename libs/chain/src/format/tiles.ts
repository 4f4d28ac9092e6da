/** C2SP tlog-tiles: a tile is up to 256 hashes of 32 bytes. */
export const TILE_WIDTH = 256;
export const HASH_BYTES = 32;

/** The hashes of tile `n` of a level as far as they exist, or null. */
export type ReadTile = (level: number, n: number) => Uint8Array | null;

/** `tile/<L>/<N>[.p/<W>]` with N in groups of three digits (`x001/x234/067`). */
export function tilePath(level: number | 'entries', n: number, width = TILE_WIDTH): string {
  let digits = String(n % 1000).padStart(3, '0');
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    digits = `x${String(rest % 1000).padStart(3, '0')}/${digits}`;
  return `tile/${level}/${digits}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Null for what is no tile path; a path has one spelling only. */
export function parseTilePath(path: string): { level: number | 'entries'; n: number; width: number } | null {
  const found = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (!found) return null;
  const level = found[1] === 'entries' ? 'entries' : Number(found[1]);
  const n = Number((found[2] as string).replaceAll(/[x/]/g, ''));
  const width = found[3] === undefined ? TILE_WIDTH : Number(found[3]);
  if (width < 1 || width > TILE_WIDTH || !Number.isSafeInteger(n)) return null;
  return tilePath(level, n, width) === path ? { level, n, width } : null;
}

/** Exact for every safe integer, which Math.log2 is not. */
export function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}
