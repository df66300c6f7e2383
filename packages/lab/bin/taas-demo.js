#!/usr/bin/env node
import { demoMain } from '../dist/index.js';

await demoMain();
