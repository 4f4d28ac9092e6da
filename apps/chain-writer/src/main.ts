import 'reflect-metadata';
import { runService } from '@audital/service';
import { start } from './app.module';
import { ChainWriterConfig } from './config';

void runService({ name: 'chain-writer', Config: ChainWriterConfig, start });
