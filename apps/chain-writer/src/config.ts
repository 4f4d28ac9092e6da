import { toNumber, ServiceConfig } from '@audital/service';
import { IsInt, IsNotEmpty, IsString, Matches, Max, Min } from 'class-validator';

export class ChainWriterConfig extends ServiceConfig {
  /** The file of the master secret, from which every signing key and id secret is derived (mode 0600; a Secret in production). */
  @IsString()
  @IsNotEmpty()
  MASTER_SECRET_FILE: string;

  /** The checkpoint store, on another volume than the ledger: sqlite:/path/checkpoints.sqlite */
  @IsString()
  @IsNotEmpty()
  CHECKPOINT_STORE_URL: string;

  /** Folder of the index of identities. Derived: it may be deleted. */
  @IsString()
  @IsNotEmpty()
  INDEX_DIR: string;

  /** The first part of every log's origin, `<LOG_ORIGIN>/log/<orgId>`; it cannot change once a chain has begun. */
  @Matches(/^[a-z0-9.-]+(\/[a-z0-9.-]+)*$/)
  LOG_ORIGIN = 'audital.local';

  /** Which of the PARTITIONS this writer writes. */
  @toNumber()
  @IsInt()
  @Min(0)
  @Max(255)
  PARTITION = 0;

  /** How long after a change its checkpoint is signed, at most 1000. */
  @toNumber()
  @IsInt()
  @Min(0)
  @Max(1000)
  CHECKPOINT_DELAY_MS = 200;

  /** How long the JetStream stream AUDIT keeps an event for subscribers that were away. The ledger keeps it for ever. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(3650)
  AUDIT_RETENTION_DAYS = 30;
}
