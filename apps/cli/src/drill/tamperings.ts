import { handoverText, KEY_CHANGE_TAG } from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import { canonicalBytes } from '@audital/chain/write';
import { type Draft, draftOf, Sealer } from './attacker';

/** A whole export: one line for each event from position 0, and its trailer; no newlines. */
export interface Original {
  lines: string[];
  trailer: string;
}

export interface Tampered {
  bytes: Uint8Array;
  /** What was done, in words. */
  what: string;
  /** What every verifier must say (docs/verify.md): the first finding, or that there is nothing to verify. */
  expected: { verdict: 'tampered'; kind: string | null; position: number } | { verdict: 'nothing' };
}

/** A whole number from 0 to below the limit. */
export type Pick = (limit: number) => number;

export interface Tampering {
  name: string;
  apply(original: Original, pick: Pick): Tampered;
}

const joined = (lines: readonly string[]): Uint8Array => Buffer.from(lines.map((line) => `${line}\n`).join(''));

const found = (
  lines: readonly string[] | Uint8Array,
  what: string,
  kind: string | null,
  position: number,
): Tampered => ({
  bytes: lines instanceof Uint8Array ? lines : joined(lines as readonly string[]),
  what,
  expected: { verdict: 'tampered', kind, position },
});

/** Not the first and not the last event, when there are more than two: those are flipped and cut often enough. */
const middle = ({ lines }: Original, pick: Pick): number => (lines.length <= 2 ? 0 : 1 + pick(lines.length - 2));

const attacker = new Sealer(sha256(Buffer.from('the key of an attacker')));

/** All events with one of them changed, sealed anew with links that hold. */
function rewritten({ lines, trailer }: Original, position: number): ReturnType<Sealer['seal']> {
  const { origin } = (JSON.parse(trailer) as { trailer: { origin: string } }).trailer;
  const drafts = lines.map(draftOf);
  const one = drafts[position] as Draft;
  one.payload = canonicalBytes({ forged: true });
  one.salt ??= sha256(Buffer.from('salt'));
  return attacker.seal(origin, drafts);
}

/** The ways to bend a chain that we know of. Each is found, at the place that it says, by every verifier; a test holds all of them to it. */
export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'flip a byte anywhere',
    apply({ lines, trailer }, pick) {
      const bytes = joined([...lines, trailer]);
      const at = pick(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 + pick(255));
      let end = 0;
      const line = [...lines, trailer].findIndex((text) => (end += text.length + 1) > at);
      return found(bytes, `byte ${at} flipped, in line ${line + 1}`, null, line);
    },
  },
  {
    name: 'delete an event',
    apply(original, pick) {
      const at = middle(original, pick);
      const lines = original.lines.filter((_line, index) => index !== at);
      const kind = at === original.lines.length - 1 ? 'TRUNCATED' : 'GAP';
      return found([...lines, original.trailer], `position ${at} deleted`, kind, at);
    },
  },
  {
    name: 'insert an event',
    apply(original, pick) {
      const at = middle(original, pick);
      const { origin } = (JSON.parse(original.trailer) as { trailer: { origin: string } }).trailer;
      const drafts = original.lines.slice(0, at + 1).map(draftOf);
      (drafts[at] as Draft).record.id = 'evt_ZZZZZZZZZZZZZZZZZZZZZZZZZZ';
      const forged = attacker.seal(origin, drafts).lines[at] as string;
      const lines = original.lines.toSpliced(at, 0, forged);
      return found([...lines, original.trailer], `a forged event before position ${at}`, 'DUPLICATE', at);
    },
  },
  {
    name: 'reorder two events',
    apply(original, pick) {
      const at = middle(original, pick);
      const other = at + 1 < original.lines.length ? at + 1 : at - 1;
      const lines = original.lines.with(at, original.lines[other] as string).with(other, original.lines[at] as string);
      return found(
        [...lines, original.trailer],
        `positions ${at} and ${other} exchanged`,
        'REORDER',
        Math.min(at, other),
      );
    },
  },
  {
    name: 'duplicate an event',
    apply(original, pick) {
      const at = middle(original, pick);
      const lines = original.lines.toSpliced(at, 0, original.lines[at] as string);
      return found([...lines, original.trailer], `position ${at} stands twice`, 'DUPLICATE', at);
    },
  },
  {
    name: 'truncate the file',
    apply(original, pick) {
      const at = middle(original, pick);
      const line = original.lines[at] as string;
      const bytes = joined(original.lines.slice(0, at + 1)).subarray(0, -1 - pick(line.length));
      return found(bytes, `cut within position ${at}`, 'TRUNCATED', at);
    },
  },
  {
    name: 'drop the trailer',
    apply: ({ lines }) => found(lines, 'the last line removed', 'TRUNCATED', lines.length),
  },
  {
    name: 'rewrite from genesis with valid links',
    apply(original, pick) {
      const at = middle(original, pick);
      const { lines, head } = rewritten(original, at);
      const { trailer } = JSON.parse(original.trailer) as { trailer: object };
      const forged = JSON.stringify({ trailer: { ...trailer, head } });
      return found(
        [...lines, forged],
        `position ${at} changed, every link made anew, the old signature kept`,
        'FORK',
        0,
      );
    },
  },
  {
    name: 'rewrite everything and swap the key',
    apply(original, pick) {
      const at = middle(original, pick);
      const sealed = rewritten(original, at);
      const all = [...sealed.lines, attacker.trailer(sealed)];
      return found(
        all,
        `position ${at} changed, all made anew and signed by another key`,
        'INVALID',
        sealed.lines.length,
      );
    },
  },
  {
    name: 'rewrite everything and swap the key by a forged handover',
    apply(original, pick) {
      const at = middle(original, pick);
      const { origin, vkeys } = (JSON.parse(original.trailer) as { trailer: { origin: string; vkeys: string[] } })
        .trailer;
      const drafts = original.lines.map(draftOf);
      const one = drafts[at] as Draft;
      const vkey = attacker.vkey(origin);
      const endorsement = attacker.note(origin, handoverText(origin, vkey));
      one.record = { ...one.record, eventType: 'CONFIG_CHANGE', source: 'AUDITAL', tags: [KEY_CHANGE_TAG] };
      one.payload = canonicalBytes({ kind: 'KEY_ADDED', epoch: 2, vkey, endorsement });
      one.salt ??= sha256(Buffer.from('salt'));
      const sealed = attacker.seal(origin, drafts);
      const { trailer } = JSON.parse(attacker.trailer(sealed)) as { trailer: object };
      return found(
        [...sealed.lines, JSON.stringify({ trailer: { ...trailer, vkeys: [...vkeys, vkey] } })],
        `position ${at} hands over to another key by its own word, which signs all of it`,
        'INVALID',
        sealed.lines.length,
      );
    },
  },
  {
    name: 'leave no event at all',
    apply({ trailer }) {
      const empty = {
        ...(JSON.parse(trailer) as { trailer: object }).trailer,
        count: 0,
        first: null,
        last: null,
        head: null,
      };
      const bytes = joined([JSON.stringify({ trailer: empty })]);
      return { bytes, what: 'all events removed, and a trailer that counts none', expected: { verdict: 'nothing' } };
    },
  },
  {
    name: 'drop a payload without a redaction',
    apply(original, pick) {
      const at = middle(original, pick);
      const { chainPosition, record } = JSON.parse(original.lines[at] as string) as Record<string, unknown>;
      const bare = JSON.stringify({ chainPosition, record, salt: null, payload: null });
      return found([...original.lines.with(at, bare), original.trailer], `payload of ${at} removed`, 'MISSING', at);
    },
  },
];
