import 'reflect-metadata';
import { runService } from '@audital/service';
import { start } from './app.module';
import { RegistryConfig } from './config';

void runService({ name: 'integration-registry', Config: RegistryConfig, start });
