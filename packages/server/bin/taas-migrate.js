#!/usr/bin/env node
import { runProgram } from '@taas/service';
import { migrateProgram } from '../dist/migrate-program.js';

await runProgram(migrateProgram);
