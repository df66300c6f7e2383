#!/usr/bin/env node
import { runProgram } from '@taas/service';
import { serverProgram } from '../dist/program.js';

await runProgram(serverProgram);
