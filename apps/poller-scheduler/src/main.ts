import 'reflect-metadata';
import { runService, ServiceConfig } from '@audital/service';
import { start } from './app.module';

void runService({ name: 'poller-scheduler', Config: ServiceConfig, start });
