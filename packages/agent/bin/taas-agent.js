#!/usr/bin/env node
import { runProgram } from '@taas/service';
import { agentProgram } from '../dist/program.js';

await runProgram(agentProgram);
