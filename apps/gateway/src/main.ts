import 'reflect-metadata';
import { runService } from '@audital/service';
import { start } from './app.module';
import { GatewayConfig } from './config';

void runService({ name: 'gateway', Config: GatewayConfig, start });
