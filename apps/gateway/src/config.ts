import { ServiceConfig, toNumber } from '@audital/service';
import { IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

export class GatewayConfig extends ServiceConfig {
  /** The address to listen on; 127.0.0.1 unless set: only this machine. */
  @IsString()
  @IsNotEmpty()
  HOST = '127.0.0.1';

  /** The port of the public API; 0: any free port. */
  @toNumber()
  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT = 8080;

  /** The file of the pepper that registry and gateway share: of a key only its HMAC under it is stored. */
  @IsString()
  @IsNotEmpty()
  KEY_PEPPER_FILE: string;

  /** Folder of the query index. Derived: it may be deleted. */
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

  /** ARN of the role or user that the collector runs as; it fills in the trust policy of GET …/setup. Without it there is a placeholder. */
  @IsOptional()
  @Matches(/^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:(?:root|(?:role|user)\/.+)$/, {
    message: 'COLLECTOR_PRINCIPAL_ARN is the ARN of an IAM role, user or account root',
  })
  COLLECTOR_PRINCIPAL_ARN: string | null = null;
}
