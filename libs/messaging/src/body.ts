/** Everything that travels is JSON in UTF-8; nothing at all is null. */
export const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body ?? null));

/** Throws a SyntaxError or TypeError for bytes that are no JSON in UTF-8. */
export function decode(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown);
}
