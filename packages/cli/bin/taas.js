#!/usr/bin/env node
import '../dist/taas.js';
