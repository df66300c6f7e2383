#!/usr/bin/env node
import { benchMain } from '../dist/index.js';

await benchMain();
