import { createHash, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as check from './check';
import * as write from './write';

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The vectors of the published method, each recomputed with another tool: see the sources in the comments. */
describe('RFC 6962 §2.1', () => {
  it('hashes leaves and nodes apart', () => {
    expect(hex(write.treeRoot(sha256, write.emptyTree()))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(hex(write.leafHash(sha256, text('')))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(hex(write.leafHash(sha256, text('L123456')))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
    expect(hex(write.nodeHash(sha256, text('N123'), text('N456')))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    );
  });

  it('has the roots of the reference tree of eight leaves', () => {
    // transparency-dev/merkle testonly/constants.go: leaves and the root of all eight.
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const tree = leaves.reduce(
      (at, leaf) => write.appendLeaf(sha256, at, write.leafHash(sha256, Buffer.from(leaf, 'hex'))),
      write.emptyTree(),
    );
    expect(hex(write.treeRoot(sha256, tree))).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });
});

describe('payloadHash', () => {
  it.each([
    [0, '{"trainingJobStatus":"InProgress"}', '4e2b833d5a0307b1d0e7b426bf53f9d04c52b0e279f5104321e57e2eb88ca8b2'],
    [
      1,
      '{"metrics":{"validation:auc":0.9487},"trainingJobStatus":"Completed"}',
      '94ad47e5f956c36a5f360cdbbcfcb99e9b563b1d2c4c883160fa9f9cfdada7b6',
    ],
    [2, '{"endpointStatus":"InService"}', '2faf88cc7833713f9ae9af5a606916667f59ae5762ad95344c69bd86b2ee70cf'],
  ])('of salt %i', (index, payload, expected) => {
    expect(hex(write.payloadHash(sha256, sha256(text(`salt ${index}`)), text(payload)))).toBe(expected);
  });
});

describe('a signed note', () => {
  const seed = createHash('sha256').update('audital test key 1').digest();
  const privateKey = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = new Uint8Array(
    Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x as string, 'base64url'),
  );
  const origin = 'audital.example/log/org_test';
  const vkey = 'audital.example/log/org_test+a027a119+AVZ/6Cl8ChiNOrVxakBm2xjmGpdubTtdy2SaB7CiSs2X';
  const proof = `c2sp.org/tlog-proof@v1
index 1
NTQ9si1uDGlBqQ+8Zo/dJH3/6oEV56vIXPkLQpoiDHk=
/Vu4oTeNDr8LoEc9exxvSDM/qBfxjsfmYk2NtrOfy4k=

audital.example/log/org_test
3
Hpr07tO4GJjwGVo+bCzL5vMjg4oI+lcr7oKtEY+jF9Q=

\u2014 audital.example/log/org_test oCehGdiUCr1ox00bWNlElySF5LmcxZy/1Ss9/AY98dIFXIaFIXtB7UxF4hcJHyq+ejniVybwIchMOj4ZIlHu/wOx0wc=
`;
  const verifyEd25519 = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    verify(
      null,
      message,
      createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key).toString('base64url') },
        format: 'jwk',
      }),
      signature,
    );

  it('has the published vkey', () => {
    expect(write.vkeyOf(sha256, origin, publicKey)).toBe(vkey);
    expect(check.parseVkey(sha256, vkey).publicKey).toEqual(publicKey);
  });

  it('is written byte for byte as published, and its proof verifies', () => {
    const parsed = check.parseTlogProof(proof);
    const root = check.fromBase64('Hpr07tO4GJjwGVo+bCzL5vMjg4oI+lcr7oKtEY+jF9Q=');
    const note = write.signNote(sha256, write.checkpointText({ origin, size: 3, root }), [
      { name: origin, publicKey, sign: (message) => sign(null, message, privateKey) },
    ]);
    expect(note).toBe(parsed.note);
    expect(write.tlogProofText(parsed)).toBe(proof);
    const checkpoint = check.openCheckpoint(parsed.note, [check.parseVkey(sha256, vkey)], verifyEd25519);
    const leaf = Buffer.from('e4461dc5e33a52c53702c27fedaeb0267e7bc21f5326c5be7245f5c10747ce05', 'hex');
    expect(check.verifyInclusion(sha256, { ...checkpoint, index: 1, leaf, proof: parsed.hashes })).toBe(true);
    expect(check.verifyInclusion(sha256, { ...checkpoint, index: 0, leaf, proof: parsed.hashes })).toBe(false);
  });

  it('is refused when any byte of it is changed', () => {
    const { note } = check.parseTlogProof(proof);
    const keys = [check.parseVkey(sha256, vkey)];
    const bytes = text(note);
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => check.openCheckpoint(new TextDecoder().decode(changed), keys, verifyEd25519)).toThrow();
    }
  });

  it('may carry signatures of unknown keys, and must carry a good one of ours', () => {
    const { note } = check.parseTlogProof(proof);
    const withWitness = `${note}\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n`;
    const keys = [check.parseVkey(sha256, vkey)];
    expect(check.openCheckpoint(withWitness, keys, verifyEd25519).size).toBe(3);
    expect(() => check.openCheckpoint(withWitness, [], verifyEd25519)).toThrow('No trusted key');
    expect(() =>
      check.openCheckpoint(
        `${note}${note.slice(note.indexOf('\u2014')).replace('oCehGdiU', 'oCehGdiV')}`,
        keys,
        verifyEd25519,
      ),
    ).toThrow();
  });
});

describe('golden records', () => {
  const folder = join(__dirname, 'fixtures');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

  it('are three', () => expect(files).toHaveLength(3));

  it.each(files)('%s', (name) => {
    const { record, bytes, blockHash } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      record: write.ChainRecord;
      bytes: string;
      blockHash: string;
    };
    const sealed = write.sealRecord(sha256, record);
    expect(new TextDecoder().decode(sealed.bytes)).toBe(bytes);
    expect(write.hashText(sealed.blockHash)).toBe(blockHash);
    expect(check.parseRecord(text(bytes))).toEqual(record);
  });
});

describe('the checker', () => {
  it('imports nothing of the writer, and the library nothing of Node', () => {
    for (const folder of ['format', 'check', 'write']) {
      for (const name of readdirSync(join(__dirname, folder))) {
        const source = readFileSync(join(__dirname, folder, name), 'utf8');
        const imports = [...source.matchAll(/from '([^']+)'/g)].map((found) => found[1] as string);
        expect(imports.every((path) => path.startsWith('.'))).toBe(true);
        if (folder !== 'write') expect(imports.some((path) => path.includes('write'))).toBe(false);
      }
    }
  });
});
