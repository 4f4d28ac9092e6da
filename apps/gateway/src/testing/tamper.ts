import { DatabaseSync } from 'node:sqlite';

/** Somebody with access to the file: the triggers are dropped, one byte of one stored event is changed, and nothing else. */
export function flipByte(
  file: string,
  o: { stream: string; revision: number; column?: 'data' | 'metadata'; at?: number },
): void {
  const { stream, revision, column = 'data' } = o;
  withoutTriggers(file, (db) => {
    const row = db
      .prepare(`SELECT ${column} AS bytes FROM events WHERE stream = ? AND revision = ?`)
      .get(stream, revision) as { bytes: Uint8Array } | undefined;
    if (!row) throw new Error(`${stream} has no revision ${revision}.`);
    const bytes = Uint8Array.from(row.bytes);
    const at = o.at ?? Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] as number) ^ 1;
    db.prepare(`UPDATE events SET ${column} = ? WHERE stream = ? AND revision = ?`).run(bytes, stream, revision);
  });
}

export function deleteEvents(file: string, stream: string, fromRevision: number): void {
  withoutTriggers(
    file,
    (db) => void db.prepare('DELETE FROM events WHERE stream = ? AND revision >= ?').run(stream, fromRevision),
  );
}

function withoutTriggers(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
    for (const { sql } of triggers) db.exec(sql);
  } finally {
    db.close();
  }
}

/** What a redaction leaves of an entry. */
export function blankEntry(file: string, stream: string, revision: number): void {
  withoutTriggers(
    file,
    (db) => void db.prepare("UPDATE events SET data = x'' WHERE stream = ? AND revision = ?").run(stream, revision),
  );
}
