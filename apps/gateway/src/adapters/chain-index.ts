import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChainRecord, Sha256 } from '@audital/chain/check';
import { appendToTiles, type TileStore, TiledTree } from '@audital/chain/write';
import type { OrganisationId } from '@audital/contracts';
import type { StoredEvent } from '@audital/ledger';
import type { KnownTree } from '../domain/trust';
import { type PositionQuery, positionQuery } from './index-query';

export interface ModelRow {
  modelId: string;
  events: number;
  firstPosition: number;
  lastPosition: number;
}

export interface Leaf {
  position: number;
  hash: Uint8Array;
  /** Null when the stored bytes are no record: then only its place is indexed. */
  record: ChainRecord | null;
}

export interface Place {
  position: string;
  stream: string;
  revision: number;
}

export type ProvingTree = KnownTree & {
  inclusionProof: (index: number, size: number) => Uint8Array[];
  /** Perfect subtrees over the first leaves, largest first. */
  compactRange: (size: number) => Uint8Array[];
};

/** The tables of the index. It finds events and holds Merkle tiles; every question is bound to one organisation. */
export class ChainIndex {
  private readonly statements = new Map<string, StatementSync>();

  constructor(
    private readonly db: DatabaseSync,
    private readonly sha256: Sha256,
  ) {}

  /** How many leaves the organisation's tree has here. */
  size(organisationId: OrganisationId): number {
    const row = this.statement('SELECT size FROM logs WHERE organisation = ?').get(organisationId) as
      { size: number } | undefined;
    return row?.size ?? 0;
  }

  organisations(): OrganisationId[] {
    return (this.statement('SELECT organisation FROM logs').all() as { organisation: OrganisationId }[]).map(
      (row) => row.organisation,
    );
  }

  tile(organisationId: OrganisationId, level: number, n: number): Uint8Array | null {
    const sql = 'SELECT hashes FROM tiles WHERE organisation = ? AND level = ? AND n = ?';
    return (this.statement(sql).get(organisationId, level, n) as { hashes: Uint8Array } | undefined)?.hashes ?? null;
  }

  tree(organisationId: OrganisationId): ProvingTree {
    const tree = new TiledTree(this.sha256, (level, n) => this.tile(organisationId, level, n));
    return {
      size: this.size(organisationId),
      root: (size) => tree.root(size),
      leaf: (index) => tree.leaf(index),
      consistencyProof: (from, to) => tree.consistencyProof(from, to),
      inclusionProof: (index, size) => tree.inclusionProof(index, size),
      compactRange: (size) => tree.compactRange(size),
    };
  }

  positionOf(organisationId: OrganisationId, id: string): number | null {
    const row = this.statement('SELECT position FROM events WHERE organisation = ? AND id = ?').get(
      organisationId,
      id,
    ) as { position: number } | undefined;
    return row?.position ?? null;
  }

  /** The id that this position was indexed under: an address to ask by, never part of an answer about what is stored. */
  idAt(organisationId: OrganisationId, position: number): string | null {
    const row = this.statement('SELECT id FROM events WHERE organisation = ? AND position = ?').get(
      organisationId,
      position,
    ) as { id: string | null } | undefined;
    return row?.id ?? null;
  }

  find(query: PositionQuery): number[] {
    const { sql, values } = positionQuery(query);
    return (this.statement(sql).all(...values) as { position: number }[]).map((row) => row.position);
  }

  /** In the order in which they were first met. */
  models(organisationId: OrganisationId, o: { after: number; limit: number }): ModelRow[] {
    const sql = `SELECT model_id AS modelId, count(*) AS events, min(position) AS firstPosition, max(position) AS lastPosition
      FROM events WHERE organisation = ? AND model_id IS NOT NULL GROUP BY model_id HAVING firstPosition > ? ORDER BY firstPosition LIMIT ?`;
    return this.statement(sql).all(organisationId, o.after, o.limit) as unknown as ModelRow[];
  }

  place(category: string): { position: string; stream: string; revision: number } | null {
    const row = this.statement('SELECT position, stream, revision FROM place WHERE category = ?').get(category);
    return (row as { position: string; stream: string; revision: number } | undefined) ?? null;
  }

  keepPlace(category: string, { position, stream, revision }: StoredEvent): void {
    this.statement('INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)').run(category, position, stream, revision);
  }

  /** Adds leaves at the end of the organisation's tree, and their rows. */
  append(organisationId: OrganisationId, leaves: Leaf[]): void {
    const [first, last] = [leaves[0], leaves.at(-1)];
    if (first === undefined || last === undefined) return;
    for (const { position, record } of leaves) this.addRow(organisationId, position, record);
    const hashes = leaves.map(({ hash }) => hash);
    appendToTiles(this.sha256, this.tileStore(organisationId), first.position, hashes);
    this.statement('INSERT OR REPLACE INTO logs VALUES (?, ?, ?)').run(organisationId, last.position + 1, last.hash);
  }

  /** Positions of the PAYLOAD_REDACTED events that name this one, as far as they have been read. */
  redactionsNaming(organisationId: OrganisationId, position: number): number[] {
    const sql =
      'SELECT named_at AS at FROM redacted WHERE organisation = ? AND position = ? AND named_at > ? ORDER BY at';
    return (this.statement(sql).all(organisationId, position, position) as { at: number }[]).map(({ at }) => at);
  }

  noteRedaction(organisationId: OrganisationId, at: number, positions: readonly unknown[]): void {
    const sql = 'INSERT OR IGNORE INTO redacted SELECT ?, value, ? FROM json_each(?) WHERE type = ?';
    this.statement(sql).run(organisationId, at, JSON.stringify(positions), 'integer');
  }

  /** Up to which PAYLOAD_REDACTED event, itself included, all have been read; null: none. */
  redactionsReadTo(organisationId: OrganisationId): number | null {
    const row = this.statement('SELECT position FROM redactions_read WHERE organisation = ?').get(organisationId);
    return (row as { position: number } | undefined)?.position ?? null;
  }

  keepRedactionsReadTo(organisationId: OrganisationId, position: number): void {
    this.statement('INSERT OR REPLACE INTO redactions_read VALUES (?, ?)').run(organisationId, position);
  }

  private addRow(organisationId: OrganisationId, position: number, record: ChainRecord | null): void {
    const {
      id = null,
      eventType = null,
      source = null,
      severity = null,
      modelId = null,
      integrationId = null,
      timestamp = null,
    } = record ?? {};
    this.statement('INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      ...[organisationId, position, id, eventType, source, severity, modelId, integrationId, timestamp],
    );
    for (const tag of new Set(record?.tags ?? []))
      this.statement('INSERT OR IGNORE INTO tags VALUES (?, ?, ?)').run(organisationId, tag, position);
  }

  private tileStore(organisationId: OrganisationId): TileStore {
    return {
      get: (level, n) => this.tile(organisationId, level, n),
      set: (level, n, hashes) =>
        void this.statement('INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)').run(organisationId, level, n, hashes),
    };
  }

  /** Drops what is known of one organisation, or of all. */
  forget(organisationId: OrganisationId | null): void {
    const which = organisationId === null ? '' : ' WHERE organisation = ?';
    const values = organisationId === null ? [] : [organisationId];
    for (const table of ['events', 'tags', 'tiles', 'logs', 'redacted', 'redactions_read'])
      this.statement(`DELETE FROM ${table}${which}`).run(...values);
    if (organisationId === null) this.statement('DELETE FROM place').run();
  }

  /** Commits what `work` wrote, unless it throws or answers false. A crash in between leaves the index as it was. */
  async transaction(work: () => Promise<boolean> | boolean): Promise<void> {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      this.db.exec((await work()) ? 'COMMIT' : 'ROLLBACK');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.db.close();
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql) ?? this.db.prepare(sql);
    this.statements.set(sql, known);
    return known;
  }
}
