import 'reflect-metadata';
import { runService } from '@audital/service';
import { start } from './app.module';
import { CollectorConfig } from './config';

void runService({ name: 'sagemaker-collector', Config: CollectorConfig, start });
