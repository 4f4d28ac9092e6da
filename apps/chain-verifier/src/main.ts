import 'reflect-metadata';
import { runService } from '@audital/service';
import { start } from './app.module';
import { ChainVerifierConfig } from './config';

void runService({ name: 'chain-verifier', Config: ChainVerifierConfig, start });
