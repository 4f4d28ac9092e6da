import { ServiceConfig } from '@audital/service';
import { IsNotEmpty, IsString } from 'class-validator';

export class RegistryConfig extends ServiceConfig {
  /** The file of the pepper that registry and gateway share: of a key only its HMAC under it is stored. */
  @IsString()
  @IsNotEmpty()
  KEY_PEPPER_FILE: string;
}
