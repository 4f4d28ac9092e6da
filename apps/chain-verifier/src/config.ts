import { ServiceConfig, toNumber } from '@audital/service';
import { IsInt, IsNotEmpty, IsString, Matches, Max, Min } from 'class-validator';

export class ChainVerifierConfig extends ServiceConfig {
  /** Folder of the verifier's index: leaves it has seen, reports. Derived: it may be deleted. */
  @IsString()
  @IsNotEmpty()
  INDEX_DIR: string;

  /** Folder of the pinned keys and kept checkpoints. It cannot be rebuilt: keep it apart from the ledger, and back it up. */
  @IsString()
  @IsNotEmpty()
  PINS_DIR: string;

  /** The first part of every log's origin, `<LOG_ORIGIN>/log/<orgId>`; the chain-writer's. */
  @Matches(/^[a-z0-9.-]+(\/[a-z0-9.-]+)*$/)
  LOG_ORIGIN = 'audital.local';

  /** How often the new part of every chain is verified. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(3600)
  VERIFY_INTERVAL_SECONDS = 60;

  /** How much of one core, and of the ledger's time, the passes over whole chains may take. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(100)
  FULL_PASS_SHARE_PERCENT = 25;

  /** Rest between two rounds of passes over all chains. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(86_400)
  FULL_PASS_PAUSE_SECONDS = 10;

  /** How long events may stand in a chain under no checkpoint before that is a finding (the writer signs within a second). */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(1440)
  STALE_AFTER_MINUTES = 15;
}
